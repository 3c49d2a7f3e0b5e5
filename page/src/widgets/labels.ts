import { isField } from "./form";

/** Names for fields that no label points at: their placeholder, else the name they have for the server. */
export function nameFields(root: ShadowRoot): void {
  for (const field of root.querySelectorAll<HTMLElement>(".field, .editable, .check > input[type=checkbox]")) {
    if (!isField(field)) continue;
    const isLabelled = (field.labels?.length ?? 0) > 0;
    set(field, "aria-label", isLabelled ? undefined : wordsFor(field));
  }
  for (const group of root.querySelectorAll<HTMLElement>("fieldset.radios")) nameGroup(root, group);
}

function wordsFor(field: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement): string {
  const placeholder = "placeholder" in field ? field.placeholder : "";
  return field.dataset.label || placeholder || readable(field.name);
}

function nameGroup(root: ShadowRoot, group: HTMLElement): void {
  const { label, labelledBy = "", name = "" } = group.dataset;
  const isLabelled = root.getElementById(labelledBy) !== null;
  set(group, "aria-labelledby", isLabelled && label === undefined ? labelledBy : undefined);
  set(group, "aria-label", isLabelled && label === undefined ? undefined : (label ?? readable(name)));
}

function readable(name: string): string {
  return name.replace(/[._-]+/g, " ");
}

function set(element: Element, attribute: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(attribute);
  else if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

/** What `pattern` does for inputs, for fields of several lines, where browsers know no such attribute. */
export function checkPatterns(root: ParentNode, message: string): void {
  for (const field of root.querySelectorAll<HTMLTextAreaElement>("textarea[data-pattern]")) {
    const isRight = field.value === "" || matches(field.dataset.pattern ?? "", field.value);
    field.setCustomValidity(isRight ? "" : message);
  }
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, "v").test(value);
  } catch {
    return true; // a pattern that is none forbids nothing, as for inputs
  }
}
