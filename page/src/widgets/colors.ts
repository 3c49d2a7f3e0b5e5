import { isRecord, valueIn } from "./values";

/** Where a color is used: the same word ("secondary", "danger") means another shade on each. */
export type Use = "text" | "surface" | "line";

/**
 * The CSS color for a property's value: a word of the theme, a shade ("blue-500", "alpha-10"), a color of CSS,
 * or one of these for light and one for dark. Anything else is undefined: nothing but a color passes.
 */
export function colorOf(value: unknown, use: Use): string | undefined {
  if (isRecord(value)) return lightOrDark(colorOf(value.light, use), colorOf(value.dark, use));
  if (typeof value !== "string") return undefined;
  const word = value.trim().toLowerCase();
  return valueIn(WORDS[use], word) ?? shade(word) ?? plainColor(word);
}

function lightOrDark(light: string | undefined, dark: string | undefined): string | undefined {
  if (light === undefined || dark === undefined) return light ?? dark;
  return light === dark ? light : `light-dark(${light}, ${dark})`;
}

const STATES = ["success", "warning", "danger", "info", "discovery", "caution"] as const;

const WORDS: Readonly<Record<Use, Readonly<Record<string, string>>>> = {
  text: {
    ...Object.fromEntries(STATES.map((state) => [state, `var(--ck-${state})`])),
    default: "var(--ck-text)",
    primary: "var(--ck-text)",
    emphasis: "var(--ck-text)",
    prose: "var(--ck-text)",
    secondary: "var(--ck-text-secondary)",
    tertiary: "var(--ck-text-tertiary)",
    accent: "var(--ck-accent)",
    link: "var(--ck-link)",
    inverse: "var(--ck-surface)",
  },
  surface: {
    ...Object.fromEntries(STATES.map((state) => [state, `var(--ck-${state}-soft)`])),
    default: "var(--ck-surface)",
    surface: "var(--ck-surface)",
    "surface-secondary": "var(--ck-surface-sunken)",
    "surface-tertiary": "var(--ck-hover)",
    "surface-elevated": "var(--ck-surface-raised)",
    "surface-elevated-secondary": "var(--ck-surface-sunken)",
    primary: "var(--ck-surface)",
    secondary: "var(--ck-surface-sunken)",
    tertiary: "var(--ck-hover)",
    accent: "var(--ck-accent)",
  },
  line: {
    ...Object.fromEntries(STATES.map((state) => [state, `var(--ck-${state})`])),
    default: "var(--ck-border)",
    subtle: "var(--ck-hover)",
    strong: "var(--ck-border-strong)",
    primary: "var(--ck-border-strong)",
    secondary: "var(--ck-border)",
    accent: "var(--ck-accent)",
  },
};

/** The middle (500) of each row of shades. */
const HUES: Readonly<Record<string, string>> = {
  gray: "#8f8f8f",
  red: "#e02e2a",
  orange: "#e25507",
  yellow: "#d9a300",
  green: "#04a34f",
  teal: "#0a9c97",
  blue: "#0285ff",
  purple: "#924ff7",
  pink: "#e3408b",
};

function shade(word: string): string | undefined {
  const [, hue = "", step = ""] = /^([a-z]+)-(\d{1,4})$/.exec(word) ?? [];
  const strength = Math.min(1000, Number(step));
  if (hue === "alpha") return `color-mix(in srgb, var(--ck-text) ${Math.min(100, strength)}%, transparent)`;
  const middle = valueIn(HUES, hue);
  if (middle === undefined) return undefined;
  return strength <= 500
    ? `color-mix(in oklab, ${middle} ${strength / 5}%, white)`
    : `color-mix(in oklab, ${middle} ${Math.round(100 - (strength - 500) / 6)}%, black)`;
}

/** A name, #hex, or a color function of plain numbers: there is no room here for `url(`, `;` or a nested call. */
const COLOR = /^(?:[a-z]{3,24}|#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})|(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\([\d\s.,%/+-]*(?:deg|turn|rad|none)?[\d\s.,%/+-]*\))$/;

function plainColor(word: string): string | undefined {
  return word.length <= 64 && COLOR.test(word) ? word : undefined;
}
