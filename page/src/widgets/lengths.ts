import { isRecord, numberIn, valueIn } from "./values";

/** Lengths that no screen has; more than this only breaks layouts. */
const MOST = 10_000;

const LENGTH = /^-?\d{0,5}(?:\.\d{1,4})?(?:px|r?em|%|ch|lh|s?[vd]?v[hw]|vmin|vmax|cqi|fr)$/;
const KEYWORDS: Readonly<Record<string, string>> = {
  auto: "auto",
  full: "100%",
  none: "none",
  "min-content": "min-content",
  "max-content": "max-content",
  "fit-content": "fit-content",
};

/** A size: numbers are pixels. */
export function sizeOf(value: unknown): string | undefined {
  const pixels = numberIn(value, 0, MOST);
  return pixels === undefined ? cssLength(value) : `${pixels}px`;
}

/** A distance: numbers count the theme's spacing units. */
export function distanceOf(value: unknown): string | undefined {
  const units = numberIn(value, -MOST / 4, MOST / 4);
  if (units === 0) return "0px"; // calc() of a unitless zero would be no length
  return units === undefined ? cssLength(value) : `calc(${units} * var(--ck-space))`;
}

function cssLength(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const word = value.trim().toLowerCase();
  if (/^-?\d{1,5}(?:\.\d{1,4})?$/.test(word)) return distanceOrZero(word);
  return valueIn(KEYWORDS, word) ?? (LENGTH.test(word) && /\d/.test(word) ? word : undefined);
}

function distanceOrZero(word: string): string {
  return Number(word) === 0 ? "0px" : `${word}px`;
}

/** "1", "1 1 0", "auto": what `flex` takes. */
export function flexOf(value: unknown): string | undefined {
  const grow = numberIn(value, 0, MOST);
  if (grow !== undefined) return `${grow} 1 0%`;
  if (typeof value !== "string") return undefined;
  const word = value.trim();
  const FLEX = /^(?:auto|none|initial|\d{1,4}(?:\.\d+)?(?: \d{1,4}(?:\.\d+)?)?(?: (?:auto|\d{1,5}(?:px|%|rem|em)?))?)$/;
  return FLEX.test(word) ? word : undefined;
}

/** 1.5, "16/9", "16 / 9" or "1.5". */
export function ratioOf(value: unknown): string | undefined {
  const ratio = numberIn(value, 0.01, 100);
  if (ratio !== undefined) return String(ratio);
  if (typeof value !== "string") return undefined;
  return /^(?:auto|\d{1,5}(?:\.\d{1,4})?(?:\s*\/\s*\d{1,5}(?:\.\d{1,4})?)?)$/.test(value.trim()) ? value.trim() : undefined;
}

export type Sides = Partial<Record<"top" | "right" | "bottom" | "left", string>>;

/** Distances by side, from one value for all or from an object of sides and axes; a side beats its axis. */
export function sidesOf<T>(value: unknown, read: (each: unknown) => T | undefined): Partial<Record<keyof Sides, T>> {
  const all = read(value);
  if (all !== undefined) return { top: all, right: all, bottom: all, left: all };
  if (!isRecord(value)) return {};
  const { x, y, top = y, bottom = y, left = x, right = x } = value;
  const sides = Object.entries({ top, right, bottom, left }).map(([side, each]) => [side, read(each)] as const);
  return Object.fromEntries(sides.filter(([, each]) => each !== undefined));
}
