const GAP = 6; // px

/** Puts a fixed box beside its anchor, below where there is room, else above, and inside the window. */
export function placed(box: HTMLElement, anchor: Element): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const isRight = getComputedStyle(anchor).direction === "rtl";
  const isBelow = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
  const left = isRight ? at.right - width : at.left;
  const top = isBelow ? at.bottom + GAP : at.top - GAP - height;
  box.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  box.style.top = `${Math.max(GAP, Math.min(top, innerHeight - height - GAP))}px`;
}
