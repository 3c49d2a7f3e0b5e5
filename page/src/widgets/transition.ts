interface Shown {
  readonly child: Element | null;
  readonly height: number;
}

const SHOWN = new WeakMap<Element, Shown>();
const TIMING = { duration: 220, easing: "cubic-bezier(0.2, 0, 0, 1)" };

/** Fades in what has taken the place of another child, and lets the height follow; not the first child. */
export function animateTransitions(root: ParentNode): void {
  for (const frame of root.querySelectorAll<HTMLElement>(".transition")) {
    const before = SHOWN.get(frame);
    const child = frame.firstElementChild;
    const height = frame.offsetHeight;
    SHOWN.set(frame, { child, height });
    if (before !== undefined && before.child !== child && !isStill()) animate(frame, child, before.height, height);
  }
}

function animate(frame: HTMLElement, child: Element | null, from: number, to: number): void {
  if (typeof frame.animate !== "function") return; // not in every environment
  child?.animate([{ opacity: 0, transform: "translateY(4px)" }, { opacity: 1, transform: "none" }], TIMING);
  if (from !== to) frame.animate([{ height: `${from}px`, overflow: "clip" }, { height: `${to}px`, overflow: "clip" }], TIMING);
}

function isStill(): boolean {
  return typeof matchMedia !== "function" || matchMedia("(prefers-reduced-motion: reduce)").matches;
}
