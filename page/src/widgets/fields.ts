import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";
import type { Component } from "../protocol";
import { CONTROL_SIZES } from "./button";

import type { Draw, Scope } from "./scope";
import { styleMap } from "../ui/style_map";
import { TEXT_SIZES, textStyle } from "./texts";
import { choiceIn, countIn, textIn, textOf } from "./values";
import { actionIn } from "./action";

const GUTTERS = ["2xs", "xs", "sm", "md", "lg", "xl"] as const;
const INPUT_TYPES = ["number", "email", "text", "password", "tel", "url"] as const;

/** The id of a field, for its label. */
export function fieldId(scope: Scope, name: string): string {
  return scope.host.idFor(`field ${scope.form} ${name}`);
}

/** What a field shows: what was typed, else what the server set. */
export function valueOf(scope: Scope, name: string, initial: unknown): string {
  const typed = scope.host.typed(scope.form, name);
  return typeof typed === "string" ? typed : textOf(initial);
}

export function typing(scope: Scope, name: string): (event: Event) => void {
  return (event) => scope.host.type(scope.form, name, (event.target as HTMLInputElement).value);
}

/** Attributes that keep password managers from offering themselves, unless they are wanted. */
export function autofill(allowed: unknown) {
  return allowed === true ? undefined : "true";
}

export function selectAll(event: Event): void {
  (event.target as HTMLInputElement).select();
}

export const drawInput: Draw = (component, scope) => {
  const name = textOf(component.name);
  const ignored = autofill(component.allowAutofillExtensions);
  return html`<input
    class="field"
    part="input"
    id=${fieldId(scope, name)}
    name=${name}
    type=${choiceIn(component.inputType, INPUT_TYPES) ?? "text"}
    step=${ifDefined(component.inputType === "number" ? "any" : undefined)}
    data-variant=${choiceIn(component.variant, ["soft", "outline"]) ?? "outline"}
    data-size=${choiceIn(component.size, CONTROL_SIZES) ?? "md"}
    data-gutter=${ifDefined(choiceIn(component.gutterSize, GUTTERS))}
    ?data-pill=${component.pill === true}
    ?data-autofocus=${component.autoFocus === true}
    data-1p-ignore=${ifDefined(ignored)}
    data-lpignore=${ifDefined(ignored)}
    autocomplete=${ifDefined(ignored && "off")}
    pattern=${ifDefined(textIn(component.pattern))}
    placeholder=${ifDefined(textIn(component.placeholder))}
    ?required=${component.required === true}
    ?disabled=${scope.host.disabled || component.disabled === true}
    .value=${live(valueOf(scope, name, component.defaultValue))}
    @input=${typing(scope, name)}
    @focus=${component.autoSelect === true ? selectAll : nothing}
  />`;
};

export const drawTextarea: Draw = (component, scope) => {
  const name = textOf(component.name);
  const ignored = autofill(component.allowAutofillExtensions);
  const most = countIn(component.maxRows, 200);
  return html`<textarea
    class="field"
    part="textarea"
    id=${fieldId(scope, name)}
    name=${name}
    rows=${countIn(component.rows, 200) ?? 3}
    data-variant=${choiceIn(component.variant, ["soft", "outline"]) ?? "outline"}
    data-size=${choiceIn(component.size, CONTROL_SIZES) ?? "md"}
    data-gutter=${ifDefined(choiceIn(component.gutterSize, GUTTERS))}
    ?data-autosize=${component.autoResize === true || most !== undefined}
    ?data-autofocus=${component.autoFocus === true}
    data-1p-ignore=${ifDefined(ignored)}
    data-lpignore=${ifDefined(ignored)}
    data-pattern=${ifDefined(textIn(component.pattern))}
    placeholder=${ifDefined(textIn(component.placeholder))}
    ?required=${component.required === true}
    ?disabled=${scope.host.disabled || component.disabled === true}
    style=${styleMap({ "--max-rows": most?.toString() })}
    .value=${live(valueOf(scope, name, component.defaultValue))}
    @input=${typing(scope, name)}
    @focus=${component.autoSelect === true ? selectAll : nothing}
  ></textarea>`;
};

export const drawCheckbox: Draw = (component, scope) => {
  const { host, path, form } = scope;
  const name = textOf(component.name);
  const typed = host.typed(form, name);
  const isChecked = typeof typed === "boolean" ? typed : component.defaultChecked === true;
  const label = textIn(component.label);
  const isPending = host.isPending(path);
  return html`<span class="check" part="checkbox" ?data-pending=${isPending}>
    <input
      type="checkbox"
      id=${fieldId(scope, name)}
      name=${name}
      data-path=${path}
      ?required=${component.required === true}
      ?disabled=${host.disabled || component.disabled === true}
      aria-busy=${ifDefined(isPending ? "true" : undefined)}
      .checked=${live(isChecked)}
      @change=${(event: Event) => {
        const { checked } = event.target as HTMLInputElement;
        host.type(form, name, checked);
        changed(event, component, scope, checked);
      }}
    />
    ${label === undefined ? nothing : html`<label for=${fieldId(scope, name)}>${label}</label>`}
  </span>`;
};

/** Fires a field's own action; outside forms its own value goes along. */
export function changed(event: Event, component: Component, scope: Scope, value: string | boolean): void {
  const action = actionIn(component.onChangeAction);
  if (action === undefined || scope.host.isPending(scope.path)) return;
  const element = event.target as Element;
  const own = { [textOf(component.name)]: value };
  scope.host.start({ action, path: scope.path, element, auto: "none", own });
}

export const drawLabel: Draw = (component, scope) => {
  const name = textOf(component.fieldName);

  return html`<label
    class="label"
    part="label"
    id=${labelId(scope, name)}
    for=${fieldId(scope, name)}
    data-size=${choiceIn(component.size, TEXT_SIZES) ?? "sm"}
    style=${styleMap(textStyle(component))}
    >${textOf(component.value)}</label
  >`;
};

export function labelId(scope: Scope, name: string): string {
  return scope.host.idFor(`label ${scope.form} ${name}`);
}
