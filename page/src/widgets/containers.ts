import { html } from "lit";
import { styleMap } from "../ui/style_map";
import { keyed } from "lit/directives/keyed.js";
import { formOf, submitted, submitsOnEnter } from "./form";
import { boxStyle, type Style } from "./layout";
import { distanceOf, sizeOf } from "./lengths";
import { colorOf } from "./colors";
import type { Draw } from "./scope";
import { childrenOf, textIn } from "./values";

export const drawBox: Draw = (component, scope) =>
  html`<div class="box" part="box" style=${styleMap(boxStyle(component))}>${scope.children(component)}</div>`;

export const drawRow: Draw = (component, scope) => {
  const style = { ...boxStyle(component), "flex-direction": undefined };
  return html`<div class="box row" part="row" style=${styleMap(style)}>${scope.children(component)}</div>`;
};

export const drawCol: Draw = (component, scope) => {
  const style = { ...boxStyle(component), "flex-direction": undefined };
  return html`<div class="box col" part="col" style=${styleMap(style)}>${scope.children(component)}</div>`;
};

/** A form; what is in it goes along with every action fired inside. */
export const drawForm: Draw = (component, scope) => {
  const form = formOf(component);
  const isPending = scope.host.isPending(scope.path);
  return html`<form
    class="box form"
    part="form"
    ?inert=${isPending}
    ?data-busy=${isPending}
    style=${styleMap(boxStyle(component))}
    @submit=${submitted(scope, form, component.onSubmitAction)}
    @keydown=${submitsOnEnter}
  >
    ${scope.children(component, form)}
  </form>`;
};

/** Its one child, made anew when that is another one; the widget animates the change. */
export const drawTransition: Draw = (component, scope) => {
  const [child] = childrenOf(component);
  if (child === undefined) return html`<div class="transition"></div>`;
  const key = `${child.type}:${textIn(child.key) ?? textIn(child.id) ?? ""}`;
  return html`<div class="transition" part="transition">${keyed(key, scope.child(child, key))}</div>`;
};

export const drawSpacer: Draw = (component) => {
  const least = sizeOf(component.minSize);
  return html`<div class="spacer" style=${styleMap({ "flex-basis": least, "min-width": least, "min-height": least })}></div>`;
};

/** A line: across a column, or between the parts of a row. */
export const drawDivider: Draw = (component) => {
  const style: Style = {
    "--line": colorOf(component.color, "line"),
    "--thickness": sizeOf(component.size),
    "--spacing": distanceOf(component.spacing),
  };
  return html`<hr class="divider" part="divider" ?data-flush=${component.flush === true} style=${styleMap(style)} />`;
};

