/** How far things that float stay from the edges of the window, in CSS pixels. */
const MARGIN = 8;

/**
 * Puts a fixed element next to a place in the window: above or below as preferred, on the other side where there
 * is no room, and never over the edges.
 */
export function placeNear(element: HTMLElement, anchor: DOMRect, prefer: "above" | "below"): void {
  const { offsetWidth: width, offsetHeight: height } = element;
  const above = anchor.top - height - MARGIN;
  const below = anchor.bottom + MARGIN;
  const fitsAbove = above >= MARGIN;
  const fitsBelow = below + height <= window.innerHeight - MARGIN;
  const isAbove = prefer === "above" ? fitsAbove || !fitsBelow : fitsAbove && !fitsBelow;
  const start = anchor.left + anchor.width / 2 - width / 2;
  element.style.top = `${between(MARGIN, isAbove ? above : below, window.innerHeight - height - MARGIN)}px`;
  element.style.left = `${between(MARGIN, start, window.innerWidth - width - MARGIN)}px`;
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
