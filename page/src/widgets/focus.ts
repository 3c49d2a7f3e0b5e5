/** Keeping the focus where it was while the tree around it is replaced. */

/** The element that has the focus, as it can be found again in another tree. */
export interface FocusedField {
  /** The same for fields of one name in one form; empty for other controls. */
  readonly id: string;
  readonly path: string | null;
  readonly selection: readonly [number, number] | undefined;
}

export function focusedField(root: ShadowRoot): FocusedField | undefined {
  const active = root.activeElement;
  if (active === null) return undefined;
  return { id: active.id, path: active.getAttribute("data-path"), selection: selectionOf(active) };
}

function found(root: ShadowRoot, { id, path }: FocusedField): HTMLElement | null | undefined {
  if (id !== "") return root.getElementById(id);
  return path === null ? null : [...root.querySelectorAll<HTMLElement>("[data-path]")].find((each) => each.dataset.path === path);
}

function selectionOf(element: Element): readonly [number, number] | undefined {
  if (!(element instanceof HTMLInputElement) && !(element instanceof HTMLTextAreaElement)) return undefined;
  const { selectionStart, selectionEnd } = element; // null for dates, numbers and the like
  return selectionStart === null || selectionEnd === null ? undefined : [selectionStart, selectionEnd];
}

/** Gives the focus back, if nothing else on the page has taken it meanwhile. */
export function focusField(root: ShadowRoot, focused: FocusedField | undefined): void {
  if (focused === undefined || root.activeElement !== null || isElsewhere(root)) return;
  const field = found(root, focused);
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
