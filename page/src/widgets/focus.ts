/** Keeping the focus where it was while the tree around it is replaced. */

export interface FocusedField {
  readonly selector: string;
  readonly selection: readonly [number, number] | undefined;
}

/** The field or control that has the focus, as it can be found again in another tree. */
export function focusedField(root: ShadowRoot): FocusedField | undefined {
  const active = root.activeElement;
  if (active === null) return undefined;
  const selector = selectorOf(active);
  return selector === undefined ? undefined : { selector, selection: selectionOf(active) };
}

function selectorOf(element: Element): string | undefined {
  const path = element.getAttribute("data-path");
  const value = element instanceof HTMLInputElement && element.type === "radio" ? `[value=${CSS.escape(element.value)}]` : "";
  if (element.id !== "") return `#${CSS.escape(element.id)}`; // the same for the same name in the same form
  return path === null ? undefined : `[data-path=${CSS.escape(path)}]${value}`;
}

function selectionOf(element: Element): readonly [number, number] | undefined {
  if (!(element instanceof HTMLInputElement) && !(element instanceof HTMLTextAreaElement)) return undefined;
  const { selectionStart, selectionEnd } = element; // null for dates, numbers and the like
  return selectionStart === null || selectionEnd === null ? undefined : [selectionStart, selectionEnd];
}

/** Gives the focus back, if nothing else on the page has taken it meanwhile. */
export function focusField(root: ShadowRoot, focused: FocusedField | undefined): void {
  if (focused === undefined || root.activeElement !== null || isElsewhere(root)) return;
  const field = root.querySelector<HTMLElement>(focused.selector);
  field?.focus({ preventScroll: true });
  if (focused.selection && (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) {
    field.setSelectionRange(...focused.selection);
  }
}

/** Whether the person is at another place of the page. */
function isElsewhere(root: ShadowRoot): boolean {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active !== null && active !== document.body && active.shadowRoot === null && !root.contains(active);
}

const FOCUSED_ONCE = new WeakSet<Element>();

/** A new field that wants the focus gets it, unless the person is writing somewhere. */
export function focusWanted(root: ShadowRoot): void {
  for (const field of root.querySelectorAll<HTMLElement>("[data-autofocus]")) {
    if (FOCUSED_ONCE.has(field)) continue;
    FOCUSED_ONCE.add(field);
    if (root.activeElement === null && !isElsewhere(root)) field.focus({ preventScroll: true });
  }
}
