import type { ChatKitOptions, FontObject, ThemeOption } from "@openai/chatkit";
import { css } from "lit";

/**
 * All colours and measures, as custom properties of the element's host and of whatever has a `data-theme` of its own.
 * Greys share one hue and chroma (`--ck-hue`, `--ck-chroma`); contrasts meet WCAG 2.2 AA in both schemes: 4.5 for text, 3 for the
 * borders of fields.
 */
export const palette = css`
  :host {
    --ck-space: calc(0.25rem * var(--ck-density, 1));
    --ck-size: 1rem;
    --ck-font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
    --ck-font-mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
    --ck-radius-sm: calc(0.375rem * var(--ck-roundness, 1));
    --ck-radius-md: calc(0.625rem * var(--ck-roundness, 1));
    --ck-radius-lg: calc(1rem * var(--ck-roundness, 1));
    --ck-radius-xl: calc(1.5rem * var(--ck-roundness, 1));
    --ck-radius-full: calc(999px * var(--ck-roundness, 1));
  }
  :host,
  :host([data-theme="light"]) {
    color-scheme: light;
    --ck-surface: oklch(1 0 0);
    --ck-surface-raised: oklch(1 0 0);
    --ck-surface-sunken: oklch(0.967 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-hover: oklch(0.945 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border: oklch(0.92 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border-strong: oklch(0.85 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border-field: oklch(0.63 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text: oklch(0.21 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text-secondary: oklch(0.43 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text-tertiary: oklch(0.5 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-accent: oklch(0.21 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-on-accent: oklch(1 0 0);
    --ck-link: oklch(0.48 0.17 255);
    --ck-focus: oklch(0.55 0.2 255);
    --ck-danger: oklch(0.5 0.19 27);
    --ck-danger-soft: oklch(0.965 0.02 20);
    --ck-on-danger: oklch(1 0 0);
    --ck-success: oklch(0.47 0.12 155);
    --ck-success-soft: oklch(0.965 0.03 155);
    --ck-on-success: oklch(1 0 0);
    --ck-warning: oklch(0.5 0.13 55);
    --ck-warning-soft: oklch(0.97 0.03 75);
    --ck-on-warning: oklch(1 0 0);
    --ck-info: oklch(0.48 0.16 255);
    --ck-info-soft: oklch(0.965 0.02 250);
    --ck-on-info: oklch(1 0 0);
    --ck-discovery: oklch(0.47 0.19 295);
    --ck-discovery-soft: oklch(0.965 0.02 300);
    --ck-on-discovery: oklch(1 0 0);
    --ck-caution: oklch(0.48 0.11 85);
    --ck-caution-soft: oklch(0.975 0.04 95);
    --ck-on-caution: oklch(1 0 0);
    --ck-code-keyword: oklch(0.46 0.19 300);
    --ck-code-string: oklch(0.45 0.12 150);
    --ck-code-number: oklch(0.5 0.15 45);
    --ck-code-comment: oklch(0.5 0.02 250);
    --ck-code-name: oklch(0.47 0.16 255);
    --ck-shadow: 0 1px 2px oklch(0 0 0 / 0.06), 0 8px 24px oklch(0 0 0 / 0.1);
  }
  :host([data-theme="dark"]) {
    color-scheme: dark;
    --ck-surface: oklch(0.2 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-surface-raised: oklch(0.245 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-surface-sunken: oklch(0.265 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-hover: oklch(0.305 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border: oklch(0.32 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border-strong: oklch(0.42 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-border-field: oklch(0.58 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text: oklch(0.96 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text-secondary: oklch(0.8 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-text-tertiary: oklch(0.72 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-accent: oklch(0.96 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-on-accent: oklch(0.2 var(--ck-chroma, 0) var(--ck-hue, 0));
    --ck-link: oklch(0.78 0.12 250);
    --ck-focus: oklch(0.72 0.15 250);
    --ck-danger: oklch(0.76 0.14 22);
    --ck-danger-soft: oklch(0.3 0.06 22);
    --ck-on-danger: oklch(0.2 0.03 22);
    --ck-success: oklch(0.8 0.13 155);
    --ck-success-soft: oklch(0.3 0.045 155);
    --ck-on-success: oklch(0.2 0.03 155);
    --ck-warning: oklch(0.8 0.12 65);
    --ck-warning-soft: oklch(0.31 0.05 60);
    --ck-on-warning: oklch(0.2 0.03 60);
    --ck-info: oklch(0.79 0.11 245);
    --ck-info-soft: oklch(0.3 0.05 250);
    --ck-on-info: oklch(0.2 0.03 250);
    --ck-discovery: oklch(0.79 0.12 300);
    --ck-discovery-soft: oklch(0.3 0.06 300);
    --ck-on-discovery: oklch(0.2 0.04 300);
    --ck-caution: oklch(0.85 0.13 95);
    --ck-caution-soft: oklch(0.31 0.045 90);
    --ck-on-caution: oklch(0.2 0.03 90);
    --ck-code-keyword: oklch(0.79 0.12 305);
    --ck-code-string: oklch(0.8 0.11 150);
    --ck-code-number: oklch(0.81 0.11 60);
    --ck-code-comment: oklch(0.72 0.02 250);
    --ck-code-name: oklch(0.8 0.1 245);
    --ck-shadow: 0 1px 2px oklch(0 0 0 / 0.4), 0 8px 24px oklch(0 0 0 / 0.5);
  }
`;

const ROUNDNESS = { pill: "1.25", round: "1", soft: "0.6", sharp: "0.2" } as const;
const DENSITY = { compact: "0.8", normal: "1", spacious: "1.25" } as const;

/** The scheme, and the properties that differ from the palette, as the options want them. */
export interface Look {
  readonly scheme: "light" | "dark";
  readonly properties: Readonly<Record<string, string>>;
}

export function lookOf(theme: ChatKitOptions["theme"]): Look {
  if (theme === undefined || typeof theme === "string") return { scheme: theme ?? "light", properties: {} };
  const scheme = theme.colorScheme ?? "light";
  return { scheme, properties: { ...shape(theme), ...typography(theme), ...colours(theme, scheme) } };
}

function shape({ radius, density }: ThemeOption): Record<string, string> {
  return {
    ...(radius && { "--ck-roundness": ROUNDNESS[radius] ?? "1" }),
    ...(density && { "--ck-density": DENSITY[density] ?? "1" }),
  };
}

function typography({ typography: type }: ThemeOption): Record<string, string> {
  return {
    ...(type?.baseSize && { "--ck-size": `${Number(type.baseSize) / 16}rem` }),
    ...(type?.fontFamily && { "--ck-font": type.fontFamily }),
    ...(type?.fontFamilyMono && { "--ck-font-mono": type.fontFamilyMono }),
  };
}

function colours({ color }: ThemeOption, scheme: Look["scheme"]): Record<string, string> {
  const { grayscale, accent, surface } = color ?? {};
  return {
    ...(grayscale && { "--ck-hue": String(grayscale.hue), "--ck-chroma": String(grayscale.tint * 0.0035) }),
    ...(grayscale?.shade && shaded(grayscale.shade, scheme)),
    ...(surface && { "--ck-surface": surface.background, "--ck-text": surface.foreground }),
    ...(surface && mixes(surface)),
    ...(accent && accented(accent.primary, accent.level)),
  };
}

/** A lighter or darker ground: steps of one hundredth of lightness. */
function shaded(shade: number, scheme: Look["scheme"]): Record<string, string> {
  const grey = (lightness: number) => `oklch(${lightness.toFixed(3)} var(--ck-chroma, 0) var(--ck-hue, 0))`;
  const step = shade * 0.01;
  const surface = scheme === "dark" ? 0.2 - step : Math.min(1, 1 - Math.max(0, step));
  return { "--ck-surface": grey(surface), "--ck-surface-sunken": grey(scheme === "dark" ? 0.265 - step : 0.967 - step) };
}

function mixes({ background, foreground }: { background: string; foreground: string }): Record<string, string> {
  const mix = (share: number) => `color-mix(in oklab, ${foreground} ${share}%, ${background})`;
  return {
    "--ck-surface-raised": background,
    "--ck-surface-sunken": mix(5),
    "--ck-hover": mix(8),
    "--ck-border": mix(12),
    "--ck-border-strong": mix(22),
    "--ck-border-field": mix(52),
    "--ck-text-secondary": mix(78),
    "--ck-text-tertiary": mix(68),
  };
}

/** Level 0 colours the buttons that matter, 1 links too, 2 and 3 what the user said as well. */
function accented(primary: string, level: number): Record<string, string> {
  const share = level >= 3 ? 100 : 14;
  return {
    "--ck-accent": primary,
    "--ck-on-accent": readableOn(primary),
    ...(level >= 1 && { "--ck-link": `color-mix(in oklab, ${primary} 75%, var(--ck-text))` }),
    ...(level >= 2 && { "--ck-bubble": `color-mix(in oklab, ${primary} ${share}%, var(--ck-surface))` }),
    ...(level >= 3 && { "--ck-on-bubble": readableOn(primary) }),
  };
}

/** Black or white, whichever can be read on the colour; the browser knows what colour a word is. */
export function readableOn(colour: string): string {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return "#fff";
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return luminance > 0.179 ? "#000" : "#fff"; // where both have the same contrast (WCAG 2.2, 1.4.3)
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

const loadedFonts = new Set<string>();

/** Has the browser load the fonts that the options name, once each. */
export function loadFonts(theme: ChatKitOptions["theme"]): void {
  const sources = typeof theme === "object" ? (theme.typography?.fontSources ?? []) : [];
  for (const font of sources) {
    const key = JSON.stringify(font);
    if (loadedFonts.has(key)) continue;
    loadedFonts.add(key);
    document.fonts.add(faceOf(font));
  }
}

function faceOf(font: FontObject): FontFace {
  return new FontFace(font.family, `url(${JSON.stringify(new URL(font.src, document.baseURI).href)})`, {
    weight: String(font.weight ?? "normal"),
    style: font.style ?? "normal",
    display: font.display ?? "swap",
    ...(font.unicodeRange && { unicodeRange: font.unicodeRange }),
  });
}
