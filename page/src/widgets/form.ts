import type { Component } from "../protocol";
import { actionIn } from "./action";
import type { Scope } from "./scope";
import { isRecord, textIn } from "./values";

export type FormValues = Record<string, unknown>;
type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A name for a form that stays when its widget is replaced: two forms of one widget differ in what they submit. */
export function formOf(component: Component): string {
  const named = textIn(component.id) ?? textIn(component.key);
  const action = component.onSubmitAction ?? component.confirm;
  return `form ${named ?? (isRecord(action) ? JSON.stringify(action) : "")}`;
}

/** Answers a form's `submit`, which the browser fires only once all fields are valid. */
export function submitted(scope: Scope, form: string, configured: unknown): (event: SubmitEvent) => void {
  return (event) => {
    event.preventDefault();
    event.stopPropagation(); // a form in a form submits alone
    const { submitter } = event;
    const element = event.currentTarget as HTMLFormElement;
    const action = actionIn((submitter as Submitter | null)?.ownAction) ?? actionIn(configured);
    if (action === undefined || scope.host.disabled) return;
    const isSelf = action.loadingBehavior === "self";
    const path = (isSelf ? undefined : submitter?.getAttribute("data-path")) ?? scope.path;
    scope.host.start({ action, path, element, auto: "container", submits: form });
  };
}

/** A submit button knows its own action, which goes before that of the form, as `formaction` does in HTML. */
export interface Submitter extends HTMLButtonElement {
  ownAction?: unknown;
}

/** Enter submits from every line of text, also in forms without a submit button; with Ctrl or Cmd from any field. */
export function submitsOnEnter(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
  const field = event.target;
  const isLine = field instanceof HTMLInputElement || (field instanceof HTMLTextAreaElement && field.hasAttribute("data-line"));
  const isWanted = isLine ? !event.shiftKey : field instanceof HTMLTextAreaElement && (event.ctrlKey || event.metaKey);
  if (!isWanted) return;
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  form.requestSubmit([...form.elements].find(isSubmitter));
}

function isSubmitter(element: Element): element is HTMLButtonElement {
  return element instanceof HTMLButtonElement && element.type === "submit" && !element.disabled;
}

/** The values of all named fields; names with dots make nested objects. */
export function formValues(form: HTMLFormElement): FormValues {
  const values: FormValues = {};
  for (const field of form.elements) {
    if (isField(field) && field.name !== "" && !field.disabled) put(values, field.name, valueOf(field));
  }
  return values;
}

export function isField(element: Element): element is Field {
  return (
    element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement
  );
}

/** Text as it stands there, true or false for a box; undefined for a radio button that is not the chosen one. */
function valueOf(field: Field): string | boolean | undefined {
  if (field.type === "checkbox") return (field as HTMLInputElement).checked;
  if (field.type === "radio" && !(field as HTMLInputElement).checked) return undefined;
  return field.value;
}

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

/** `{a: {b: value}}` for the name "a.b"; a group of radio buttons without a choice is an empty text. */
export function put(values: FormValues, name: string, value: unknown): void {
  const parts = name.split(".");
  const last = parts.pop() ?? name;
  if ([...parts, last].some((part) => RESERVED.has(part))) return;
  let inner = values;
  for (const part of parts) {
    const next = inner[part];
    inner = (isRecord(next) ? next : (inner[part] = {})) as FormValues;
  }
  if (value !== undefined || !Object.hasOwn(inner, last)) inner[last] = value ?? "";
}

/**
 * The payload with the form's values. What the payload says already stays, and `collided` hears of it: a field
 * must not overwrite an id that the server has put there.
 */
export function withValues(payload: unknown, values: FormValues, collided: (name: string) => void): unknown {
  if (Object.keys(values).length === 0) return payload;
  if (payload === undefined || payload === null) return values;
  if (!isRecord(payload)) {
    Object.keys(values).forEach(collided);
    return payload;
  }
  return merged(payload, values, collided);
}

function merged(payload: Readonly<FormValues>, values: FormValues, collided: (name: string) => void): FormValues {
  const result: FormValues = { ...payload };
  for (const [name, value] of Object.entries(values)) {
    const given = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (given === undefined) result[name] = value;
    else if (isRecord(given) && isRecord(value)) result[name] = merged(given, value, collided);
    else collided(name);
  }
  return result;
}
