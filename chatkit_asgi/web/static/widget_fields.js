// The form fields of widgets, and what a form holds.

import { el } from "./dom.js";

let fieldCount = 0;

export const FIELDS = {
  Checkbox: checkbox,
  DatePicker: datePicker,
  Input: input,
  RadioGroup: radioGroup,
  Select: select,
  Textarea: textarea,
};

/** The values of a form's fields under their names; `a.b` makes an object within an object. */
export function formValues(form) {
  const values = {};
  if (!form) return values;
  for (const [name, value] of new FormData(form)) place(values, name.split("."), value);
  for (const box of form.querySelectorAll("input[type=checkbox][name]"))
    place(values, box.name.split("."), box.checked);
  return values;
}

export function label({ value, fieldName }) {
  return el("label", { class: "label", "data-for": fieldName }, value);
}

/** Ties labels to fields. Ids of the widget's own would clash between widgets, so ours carry a number. */
export function connectLabels(root) {
  for (const node of root.querySelectorAll("label[data-for]")) {
    const scope = node.closest("form") ?? root;
    const field = scope.querySelector(`[name="${CSS.escape(node.dataset.for)}"]`);
    if (field) tie(node, field);
  }
}

function tie(node, field) {
  field.id ||= `field-${(fieldCount += 1)}`;
  field.removeAttribute("aria-label");
  node.htmlFor = field.id;
}

function place(values, [name, ...rest], value) {
  if (["__proto__", "constructor", "prototype"].includes(name)) return;
  if (rest.length === 0) values[name] = value;
  else place((values[name] ??= {}), rest, value);
}

/** Attributes all fields share. Their accessible name is the placeholder or the name; see `label`. */
function common({ name, placeholder, required, disabled, pattern }) {
  return { name, placeholder, required, disabled, pattern, "aria-label": placeholder || name };
}

function changed({ onChangeAction, name }, act, read = (field) => field.value) {
  return onChangeAction && ((event) => act(onChangeAction, { [name]: read(event.target) }));
}

function input(component) {
  return el("input", {
    ...common(component),
    type: component.inputType ?? "text",
    value: component.defaultValue,
  });
}

function textarea(component) {
  return el("textarea", { ...common(component), rows: component.rows ?? 3 }, component.defaultValue);
}

function select(component, act) {
  const options = component.options.map(({ value, label: text, disabled }) =>
    el("option", { value, disabled, selected: value === component.defaultValue }, text),
  );
  const empty = component.defaultValue
    ? null
    : el("option", { value: "" }, component.placeholder ?? "Choose…");
  return el("select", { ...common(component), onchange: changed(component, act) }, empty, options);
}

function checkbox(component, act) {
  const onchange = changed(component, act, (field) => field.checked);
  const { name, required, disabled, defaultChecked: checked } = component;
  return el(
    "label",
    { class: "option" },
    el("input", { type: "checkbox", name, required, disabled, checked, onchange }),
    component.label ?? name,
  );
}

function radioGroup(component, act) {
  const { name, options = [], ariaLabel, defaultValue, required } = component;
  const onchange = changed(component, act);
  const radios = options.map(({ value, label: text, disabled }) =>
    el(
      "label",
      { class: "option" },
      el("input", {
        type: "radio",
        name,
        value,
        required,
        disabled: disabled || component.disabled,
        checked: value === defaultValue,
        onchange,
      }),
      text,
    ),
  );
  return el(
    "fieldset",
    { class: `radios ${component.direction ?? "row"}`, "aria-label": ariaLabel ?? name },
    radios,
  );
}

function datePicker(component, act) {
  const day = (moment) => moment?.slice(0, 10);
  const { defaultValue, min, max } = component;
  const props = {
    type: "date",
    value: day(defaultValue),
    min: day(min),
    max: day(max),
    onchange: changed(component, act),
  };
  return el("input", { ...common(component), ...props });
}
