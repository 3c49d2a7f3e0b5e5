import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";
import type { Component } from "../protocol";
import "../icons/icon";
import { CONTROL_SIZES, VARIANTS } from "./button";
import { changed, fieldId, labelId, valueOf } from "./fields";
import type { Draw, Drawing, Scope } from "./scope";
import { SPINNER } from "./spinner";
import { choiceIn, recordsIn, textIn, textOf } from "./values";

/** A native list to choose from, in the looks of the other fields. */
export const drawSelect: Draw = (component, scope) => {
  const name = textOf(component.name);
  const value = valueOf(scope, name, component.defaultValue);
  const options = recordsIn(component.options);
  const isEmpty = !options.some((option) => textOf(option.value) === value);
  const blank = html`<option value="" ?disabled=${component.clearable !== true} .selected=${live(isEmpty)}>
    ${textIn(component.placeholder) ?? ""}
  </option>`;
  const list = html`<select
    class="field"
    part="select"
    id=${fieldId(scope, name)}
    name=${name}
    ?data-empty=${isEmpty}
    data-path=${scope.path}
    data-label=${ifDefined(textIn(component.placeholder))}
    data-variant=${choiceIn(component.variant, VARIANTS) ?? "outline"}
    data-size=${choiceIn(component.size, CONTROL_SIZES) ?? "md"}
    ?data-pill=${component.pill === true}
    ?disabled=${scope.host.disabled || component.disabled === true}
    @change=${(event: Event) => chosen(event, component, scope)}
  >
    ${isEmpty || component.clearable === true || textIn(component.placeholder) !== undefined ? blank : nothing}
    ${options.map((option) => optionOf(option, value, isEmpty))}
  </select>`;
  return picker(component, scope, list, isEmpty, "chevron-down");
};

function optionOf(option: Readonly<Record<string, unknown>>, value: string, isEmpty: boolean): Drawing {
  const own = textOf(option.value);
  const description = textIn(option.description);
  const label = textIn(option.label) ?? own;
  return html`<option value=${own} ?disabled=${option.disabled === true} .selected=${live(!isEmpty && own === value)}>
    ${description === undefined ? label : `${label} – ${description}`}
  </option>`;
}

/** A native date field; its value is a day (2026-11-21), as are its bounds. */
export const drawDatePicker: Draw = (component, scope) => {
  const name = textOf(component.name);
  const typed = scope.host.typed(scope.form, name);
  const value = typeof typed === "string" ? typed : (dayOf(component.defaultValue) ?? "");
  const input = html`<input
    type="date"
    class="field"
    part="date"
    id=${fieldId(scope, name)}
    name=${name}
    ?data-empty=${value === ""}
    data-path=${scope.path}
    data-label=${ifDefined(textIn(component.placeholder))}
    data-variant=${choiceIn(component.variant, VARIANTS) ?? "outline"}
    data-size=${choiceIn(component.size, CONTROL_SIZES) ?? "md"}
    data-align=${ifDefined(choiceIn(component.align, ["start", "center", "end"]))}
    data-side=${ifDefined(choiceIn(component.side, ["top", "bottom", "left", "right"]))}
    ?data-pill=${component.pill === true}
    min=${ifDefined(dayOf(component.min))}
    max=${ifDefined(dayOf(component.max))}
    ?disabled=${scope.host.disabled || component.disabled === true}
    .value=${live(value)}
    @change=${(event: Event) => chosen(event, component, scope)}
  />`;
  const placeholder = textIn(component.placeholder);
  const shown = placeholder === undefined ? input : html`${input}<span class="placeholder" aria-hidden="true">${placeholder}</span>`;
  return picker(component, scope, shown, value === "");
};

/** The day of an ISO date or time, as it is written there. */
function dayOf(value: unknown): string | undefined {
  return /^\d{4}-\d{2}-\d{2}/.exec(textOf(value))?.[0];
}

function picker(component: Component, scope: Scope, field: Drawing, isEmpty: boolean, icon?: string): Drawing {
  const { host, path } = scope;
  const isPending = host.isPending(path);
  const canClear = component.clearable === true && !isEmpty && !host.disabled && component.disabled !== true;
  const name = textOf(component.name);
  return html`<span
    class="picker"
    part="picker"
    ?data-block=${component.block === true}
    ?data-clearable=${canClear}
    ?data-pending=${isPending}
    aria-busy=${ifDefined(isPending ? "true" : undefined)}
  >
    ${field}
    ${isPending ? SPINNER : icon === undefined ? nothing : html`<ck-icon class="picker-icon" name=${icon}></ck-icon>`}
    ${canClear
      ? html`<button
          type="button"
          class="clear"
          aria-label=${host.texts.t("widget.clear", { name: textIn(component.placeholder) ?? name })}
          @click=${clear}
        >
          <ck-icon name="close"></ck-icon>
        </button>`
      : nothing}
  </span>`;
}

function chosen(event: Event, component: Component, scope: Scope): void {
  const { value } = event.target as HTMLSelectElement;
  scope.host.type(scope.form, textOf(component.name), value);
  scope.host.redraw(); // the mark of being empty, the button to clear
  changed(event, component, scope, value);
}

function clear(event: Event): void {
  const field = (event.currentTarget as Element).parentElement?.querySelector<HTMLInputElement>(".field");
  if (!field) return;
  field.value = "";
  field.focus();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** A choice among options in sight. */
export const drawRadioGroup: Draw = (component, scope) => {
  const { host, path } = scope;
  const name = textOf(component.name);
  const value = valueOf(scope, name, component.defaultValue);
  const isPending = host.isPending(path);
  return html`<fieldset
    class="radios"
    part="radio-group"
    role="radiogroup"
    data-direction=${choiceIn(component.direction, ["row", "col"]) ?? "col"}
    data-label=${ifDefined(textIn(component.ariaLabel))}
    data-labelled-by=${labelId(scope, name)}
    data-name=${name}
    aria-required=${ifDefined(component.required === true ? "true" : undefined)}
    aria-busy=${ifDefined(isPending ? "true" : undefined)}
    ?disabled=${host.disabled || component.disabled === true}
  >
    ${recordsIn(component.options).map((option, index) => radio(option, index, component, scope, value))}
    ${isPending ? SPINNER : nothing}
  </fieldset>`;
};

function radio(option: Readonly<Record<string, unknown>>, index: number, group: Component, scope: Scope, value: string): Drawing {
  const name = textOf(group.name);
  const own = textOf(option.value);
  // the label of the group points at the first button
  const id = index === 0 ? fieldId(scope, name) : scope.host.idFor(`radio ${scope.form} ${name} ${index}`);
  return html`<span class="check">
    <input
      type="radio"
      id=${id}
      name=${name}
      value=${own}
      data-path=${scope.path}
      ?required=${group.required === true}
      ?disabled=${option.disabled === true}
      .checked=${live(own === value)}
      @change=${(event: Event) => chosenRadio(event, group, scope, own)}
    />
    <label for=${id}>${textIn(option.label) ?? own}</label>
  </span>`;
}

function chosenRadio(event: Event, group: Component, scope: Scope, value: string): void {
  scope.host.type(scope.form, textOf(group.name), value);
  changed(event, group, scope, value);
}
