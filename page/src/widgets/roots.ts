import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { styleMap } from "../ui/style_map";
import type { Component } from "../protocol";
import "../icons/icon";
import { actionIn } from "./action";
import { formOf, submitted, submitsOnEnter } from "./form";
import { FLOW, PAINT, boxStyle, styled, type Style } from "./layout";
import type { Draw, Drawing, Scope } from "./scope";
import { SPINNER } from "./spinner";
import { imageUrl } from "./urls";
import { childrenOf, choiceIn, countIn, isRecord, textIn } from "./values";

/** A root without a frame. */
export const drawBasic: Draw = (component, scope) =>
  html`<div class="box basic" part="basic" style=${styleMap(boxStyle(component))}>${scope.children(component)}</div>`;

/** A framed root: status, content, and the buttons to confirm and cancel; a form where it is to be one. */
export const drawCard: Draw = (component, scope) => {
  const style = styled(component, FLOW, PAINT);
  const size = choiceIn(component.size, ["sm", "md", "lg", "full"]) ?? "md";
  if (component.asForm !== true) {
    return html`<div class="card" part="card" data-size=${size} style=${styleMap(paintOf(style))}>
      ${cardContent(component, scope, scope.form, style)}
    </div>`;
  }
  const form = formOf(component);
  return html`<form
    class="card"
    part="card"
    data-size=${size}
    style=${styleMap(paintOf(style))}
    @submit=${submitted(scope, form, isRecord(component.confirm) ? component.confirm.action : undefined)}
    @keydown=${submitsOnEnter}
  >
    ${cardContent(component, scope, form, style)}
  </form>`;
};

function cardContent(component: Component, scope: Scope, form: string, style: Style): Drawing {
  const isCollapsed = component.collapsed === true;
  const isOpen = !isCollapsed || scope.host.isOpen(scope.path);
  return html`${statusLine(component.status, isCollapsed ? unfold(component, scope, isOpen) : nothing)}
    ${isOpen
      ? html`<div class="card-body" style=${styleMap(bodyOf(style))}>${scope.children(component, form)}</div>
          ${cardButtons(component, scope)}`
      : nothing}`;
}

// The padding is the body's, and known to what goes up to the card's edge (`flush`)
function bodyOf(style: Style): Style {
  const { "background-color": _, ...own } = withoutBorder(style);
  const side = own["padding-left"] ?? own["padding-right"];
  return { ...own, ...(side !== undefined && { "--edge": side }), ...(own["padding-top"] !== undefined && { "--edge-block": own["padding-top"] }) };
}

function paintOf(style: Style): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => name.startsWith("border") || name === "background-color"));
}

function withoutBorder(style: Style): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => !name.startsWith("border")));
}

function unfold(component: Component, scope: Scope, isOpen: boolean): Drawing {
  const title = isRecord(component.status) ? "" : firstText(component);
  const label = scope.host.texts.t(isOpen ? "widget.hideDetails" : "widget.showDetails");
  return html`<button
    type="button"
    class="unfold"
    aria-expanded=${isOpen ? "true" : "false"}
    aria-label=${ifDefined(title === "" ? label : undefined)}
    @click=${() => scope.host.open(scope.path, !isOpen)}
  >
    <span class="unfold-title">${title}</span>
    <ck-icon name=${isOpen ? "chevron-up" : "chevron-down"}></ck-icon>
  </button>`;
}

/** The first words of a folded card, so that one sees what it is. */
function firstText(component: Component): string {
  for (const child of childrenOf(component)) {
    const text = textIn(child.value) ?? firstText(child);
    if (text !== "") return text;
  }
  return "";
}

function statusLine(value: unknown, more: Drawing): Drawing {
  const status = isRecord(value) ? value : undefined;
  const text = textIn(status?.text);
  if (text === undefined && more === nothing) return nothing;
  const favicon = imageUrl(status?.favicon);
  const icon = textIn(status?.icon);
  return html`<div class="status" part="status">
    ${favicon !== undefined
      ? html`<img class="favicon" ?data-frame=${status?.frame === true} src=${favicon} alt="" referrerpolicy="no-referrer" />`
      : icon !== undefined
        ? html`<ck-icon name=${icon}></ck-icon>`
        : nothing}
    ${text === undefined ? nothing : html`<span class="status-text">${text}</span>`} ${more}
  </div>`;
}

function cardButtons(component: Component, scope: Scope): Drawing {
  const { confirm, cancel } = component;
  if (!isRecord(confirm) && !isRecord(cancel)) return nothing;
  return html`<div class="card-buttons" part="card-buttons">
    ${isRecord(cancel) ? cardButton(cancel, "cancel", component, scope) : nothing}
    ${isRecord(confirm) ? cardButton(confirm, "confirm", component, scope) : nothing}
  </div>`;
}

function cardButton(value: Readonly<Record<string, unknown>>, which: "confirm" | "cancel", card: Component, scope: Scope): Drawing {
  const { host } = scope;
  const path = `${scope.path}/${which}`;
  const action = actionIn(value.action);
  const submits = which === "confirm" && card.asForm === true;
  const isPending = host.isPending(path);
  const press = (event: Event) => {
    if (submits || action === undefined || isPending) return;
    host.start({ action, path, element: event.currentTarget as Element, auto: "container" });
  };
  return html`<button
    type=${submits ? "submit" : "button"}
    class="btn"
    part="button"
    data-path=${path}
    data-variant=${which === "confirm" ? "solid" : "outline"}
    data-color=${which === "confirm" ? "primary" : "secondary"}
    ?disabled=${host.disabled}
    aria-disabled=${ifDefined(isPending ? "true" : undefined)}
    aria-busy=${ifDefined(isPending ? "true" : undefined)}
    @click=${press}
  >
    <span class="btn-content">${textIn(value.label) ?? nothing}</span>
    ${isPending ? SPINNER : nothing}
  </button>`;
}

/** As many rows as fit into a chat without filling it. */
const AUTO_LIMIT = 5;

/** A root that lists rows, the first of them at once. */
export const drawList: Draw = (component, scope) => {
  const rows = childrenOf(component);
  const limit = component.limit === "auto" ? AUTO_LIMIT : (countIn(component.limit, 10_000) ?? rows.length);
  const isCut = rows.length > limit && !scope.host.isOpen(scope.path);
  const shown = isCut ? { ...component, children: rows.slice(0, limit) } : component;
  return html`<div class="list" part="list">
    ${statusLine(component.status, nothing)}
    <ul class="rows" role="list">
      ${scope.children(shown)}
    </ul>
    ${isCut
      ? html`<button type="button" class="more" @click=${(event: Event) => showRest(event, scope, limit)}>
          ${scope.host.texts.t("widget.showMore", { count: scope.host.texts.number(rows.length - limit) })}
        </button>`
      : nothing}
  </div>`;
};

/** Shows all rows, and gives the focus of the button, which is gone then, to the first new one. */
async function showRest(event: Event, { host, path }: Scope, limit: number): Promise<void> {
  const list = (event.currentTarget as Element).closest(".list");
  host.open(path, true);
  await host.updateComplete;
  list?.querySelectorAll(".row-item")[limit]?.querySelector<HTMLElement>("button")?.focus();
}

/** One row of a list; where a click does something, a button lies under what is in the row. */
export const drawListItem: Draw = (component, scope) => {
  const { host, path } = scope;
  const action = actionIn(component.onClickAction);
  const isPending = host.isPending(path);
  const id = host.idFor(`row ${path}`);
  const press = (event: Event) => {
    if (action && !isPending) host.start({ action, path, element: event.currentTarget as Element, auto: "self" });
  };
  return html`<li class="row-item" part="list-item" ?data-pending=${isPending} ?data-plain=${action === undefined}>
    ${action === undefined
      ? nothing
      : html`<button
          type="button"
          class="row-button"
          data-path=${path}
          aria-labelledby=${id}
          aria-busy=${ifDefined(isPending ? "true" : undefined)}
          aria-disabled=${ifDefined(isPending ? "true" : undefined)}
          ?disabled=${host.disabled}
          @click=${press}
        ></button>`}
    <div class="box row-content" id=${id} style=${styleMap(styled(component, FLOW))}>${scope.children(component)}</div>
    ${isPending ? SPINNER : nothing}
  </li>`;
};
