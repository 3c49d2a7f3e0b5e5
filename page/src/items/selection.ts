/** What is selected in the page, also inside shadow roots, which the browser alone does not let one see into. */

export interface Selected {
  /** The nodes that it begins and ends in. */
  readonly start: Node;
  readonly end: Node;
  readonly text: string;
  /** Where it is in the window. */
  readonly place: DOMRect;
}

interface Ends {
  readonly startContainer: Node;
  readonly startOffset: number;
  readonly endContainer: Node;
  readonly endOffset: number;
}

/** `roots`: the shadow roots that are known already, from the outermost; those inside of them are found. */
export function selected(roots: readonly ShadowRoot[]): Selected | null {
  const selection = document.getSelection();
  if (selection === null) return null;
  const ends = endsOf(selection, roots);
  if (ends === null) return null;
  const range = rangeOf(ends);
  const text = (selection.toString() || (range?.toString() ?? "")).trim();
  const place = placeOf(range, ends);
  const isVisible = place !== null && place.bottom >= 0 && place.top <= window.innerHeight;
  return text === "" || !isVisible ? null : { start: ends.startContainer, end: ends.endContainer, text, place };
}

function endsOf(selection: Selection, roots: readonly ShadowRoot[]): Ends | null {
  if (typeof selection.getComposedRanges === "function") return composedEnds(selection, [...roots]);
  const found = [...roots].reverse().map(ofRoot).find((inner) => inner !== null);
  const plain = found ?? selection;
  return plain.rangeCount > 0 && !plain.isCollapsed ? plain.getRangeAt(0) : null;
}

/** Browsers that do not know `getComposedRanges` may have a selection for each root instead. */
function ofRoot(root: ShadowRoot): Selection | null {
  const own = (root as ShadowRoot & { getSelection?: () => Selection | null }).getSelection?.() ?? null;
  return own !== null && own.rangeCount > 0 && !own.isCollapsed ? own : null;
}

/** Goes into each root that an end of the selection turns out to be in, until the ends are seen. */
function composedEnds(selection: Selection, roots: ShadowRoot[]): Ends | null {
  for (;;) {
    const range = composedRange(selection, roots);
    if (range === undefined) return null;
    const hidden = [
      range.startContainer.childNodes[range.startOffset],
      range.endContainer.childNodes[range.endOffset - 1],
    ].map((node) => (node instanceof Element ? node.shadowRoot : null));
    const fresh = hidden.filter((root) => root !== null && !roots.includes(root)) as ShadowRoot[];
    if (fresh.length === 0) return range.collapsed ? null : range;
    roots.push(...fresh);
  }
}

/** The first browsers to know it want the roots one by one. */
function composedRange(selection: Selection, roots: ShadowRoot[]): StaticRange | undefined {
  try {
    return selection.getComposedRanges({ shadowRoots: roots })[0];
  } catch {
    const older = selection.getComposedRanges as unknown as (...roots: ShadowRoot[]) => StaticRange[];
    return older.apply(selection, roots)[0];
  }
}

/** A range lives in one tree; none for a selection across several. */
function rangeOf(ends: Ends): Range | null {
  if (ends.startContainer.getRootNode() !== ends.endContainer.getRootNode()) return null;
  const range = document.createRange();
  range.setStart(ends.startContainer, ends.startOffset);
  range.setEnd(ends.endContainer, ends.endOffset);
  return range;
}

function placeOf(range: Range | null, ends: Ends): DOMRect | null {
  if (range !== null) return range.getBoundingClientRect();
  const element = ends.endContainer instanceof Element ? ends.endContainer : ends.endContainer.parentElement;
  return element?.getBoundingClientRect() ?? null;
}

/** Whether the node is in the element, at whatever depth of shadow roots. */
export function isInside(element: Element, node: Node): boolean {
  for (let at: Node | null = node; at !== null; at = at instanceof ShadowRoot ? at.host : at.parentNode)
    if (at === element) return true;
  return false;
}

/** The shadow roots that the node is in, from the outermost. */
export function rootsAround(node: Node): ShadowRoot[] {
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? [...rootsAround(root.host), root] : [];
}
