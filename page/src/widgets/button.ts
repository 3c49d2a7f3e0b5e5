import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Component } from "../protocol";
import "../icons/icon";
import { actionIn } from "./action";
import type { Draw, Drawing, Scope } from "./scope";
import { SPINNER } from "./spinner";
import { choiceIn, textIn } from "./values";

export const CONTROL_SIZES = ["3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl"] as const;
export const VARIANTS = ["solid", "soft", "outline", "ghost"] as const;
const COLORS = ["primary", "secondary", "info", "discovery", "success", "caution", "warning", "danger"] as const;
const ICON_SIZES = ["sm", "md", "lg", "xl", "2xl"] as const;

/** A button: it fires its action, or submits the form around it. */
export const drawButton: Draw = (component, scope) => {
  const { host, path } = scope;
  const isPrimary = component.style === "primary";
  const isPending = host.isPending(path);
  const label = textIn(component.label);
  return html`<button
    type=${component.submit === true ? "submit" : "button"}
    class="btn"
    part="button"
    data-path=${path}
    data-variant=${choiceIn(component.variant, VARIANTS) ?? (isPrimary ? "solid" : "outline")}
    data-color=${choiceIn(component.color, COLORS) ?? (isPrimary ? "primary" : "secondary")}
    data-size=${choiceIn(component.size, CONTROL_SIZES) ?? "md"}
    data-icon-size=${ifDefined(choiceIn(component.iconSize, ICON_SIZES))}
    ?data-pill=${component.pill === true}
    ?data-uniform=${component.uniform === true}
    ?data-block=${component.block === true}
    ?disabled=${host.disabled || component.disabled === true}
    aria-disabled=${ifDefined(isPending ? "true" : undefined)}
    aria-busy=${ifDefined(isPending ? "true" : undefined)}
    aria-label=${ifDefined(label ? undefined : wordsFor(component))}
    .ownAction=${component.onClickAction}
    @click=${(event: Event) => pressed(event, component, scope)}
  >
    <span class="btn-content">${icon(component.iconStart)}${label ? html`<span>${label}</span>` : nothing}${icon(component.iconEnd)}</span>
    ${isPending ? SPINNER : nothing}
  </button>`;
};

function icon(name: unknown): Drawing {
  const known = textIn(name);
  return known === undefined ? nothing : html`<ck-icon name=${known}></ck-icon>`;
}

/** A name for a button that shows only an icon. */
function wordsFor(component: Component): string | undefined {
  const name = textIn(component.iconStart) ?? textIn(component.iconEnd) ?? actionIn(component.onClickAction)?.type;
  return name?.replace(/^\w+:/, "").replace(/[-_.]+/g, " ");
}

function pressed(event: Event, component: Component, scope: Scope): void {
  const element = event.currentTarget as HTMLButtonElement;
  if (scope.host.isPending(scope.path)) {
    event.preventDefault(); // a second press of a submit button
    return;
  }
  const action = actionIn(component.onClickAction);
  const submits = component.submit === true && element.form !== null; // the form asks for `ownAction`
  if (action && !submits) scope.host.start({ action, path: scope.path, element, auto: "self" });
}
