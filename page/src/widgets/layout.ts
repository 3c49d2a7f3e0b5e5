import type { Component } from "../protocol";
import { colorOf } from "./colors";
import { distanceOf, flexOf, ratioOf, sidesOf, sizeOf } from "./lengths";
import { choiceIn, isRecord, numberIn, valueIn } from "./values";

/** CSS properties and their values, as `styleMap` takes them. Undefined leaves a property alone. */
export type Style = Record<string, string | undefined>;

type Read = (value: unknown) => Style;
type Table = Readonly<Record<string, Read>>;

/** What each property of a component does, in the order of the table: later ones win. */
export function styled(component: Component, ...tables: readonly Table[]): Style {
  const style: Style = {};
  for (const table of tables) {
    for (const [property, read] of Object.entries(table)) {
      const value = component[property];
      if (value !== undefined && value !== null) Object.assign(style, defined(read(value)));
    }
  }
  return style;
}

function defined(style: Style): Style {
  return Object.fromEntries(Object.entries(style).filter(([, value]) => value !== undefined));
}

function as(read: (value: unknown) => string | undefined, ...properties: readonly string[]): Read {
  return (value) => {
    const css = read(value);
    return Object.fromEntries(properties.map((property) => [property, css]));
  };
}

const ALIGN: Readonly<Record<string, string>> = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  baseline: "baseline",
  stretch: "stretch",
};

const JUSTIFY: Readonly<Record<string, string>> = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
  stretch: "stretch",
};

const RADIUS: Readonly<Record<string, string>> = {
  none: "0px",
  "2xs": "2px",
  xs: "4px",
  sm: "var(--ck-radius-sm)",
  md: "var(--ck-radius-md)",
  lg: "var(--ck-radius-lg)",
  xl: "var(--ck-radius-xl)",
  "2xl": "calc(1.25 * var(--ck-radius-xl))",
  "3xl": "calc(1.5 * var(--ck-radius-xl))",
  "4xl": "calc(2 * var(--ck-radius-xl))",
  full: "var(--ck-radius-full)",
  "100%": "100%",
};

/** How components lay out their children. */
export const FLOW: Table = {
  direction: (value) => ({ "flex-direction": valueIn({ row: "row", col: "column" }, value) }),
  align: as((value) => valueIn(ALIGN, value), "align-items"),
  justify: as((value) => valueIn(JUSTIFY, value), "justify-content"),
  wrap: as((value) => choiceIn(value, ["nowrap", "wrap", "wrap-reverse"]), "flex-wrap"),
  gap: as(distanceOf, "gap"),
};

/** How large a component is, and what is around it. */
export const BLOCK: Table = {
  flex: as(flexOf, "flex"),
  size: as(sizeOf, "width", "height"),
  width: as(sizeOf, "width"),
  height: as(sizeOf, "height"),
  minSize: as(sizeOf, "min-width", "min-height"),
  minWidth: as(sizeOf, "min-width"),
  minHeight: as(sizeOf, "min-height"),
  maxSize: as(sizeOf, "max-width", "max-height"),
  maxWidth: as(sizeOf, "max-width"),
  maxHeight: as(sizeOf, "max-height"),
  aspectRatio: as(ratioOf, "aspect-ratio"),
  margin: (value) => onSides("margin", sidesOf(value, distanceOf)),
  radius: as((value) => valueIn(RADIUS, value), "border-radius"),
};

/** What is painted of a component. */
export const PAINT: Table = {
  padding: (value) => onSides("padding", sidesOf(value, distanceOf)),
  border: (value) => onSides("border", sidesOf(value, lineOf)),
  background: as((value) => colorOf(value, "surface"), "background-color"),
};

export const COLOR: Table = { color: as((value) => colorOf(value, "text"), "color") };

export function boxStyle(component: Component): Style {
  return styled(component, FLOW, BLOCK, PAINT);
}

function onSides(property: string, sides: Partial<Record<string, string>>): Style {
  return Object.fromEntries(Object.entries(sides).map(([side, value]) => [`${property}-${side}`, value]));
}

const LINES = ["solid", "dashed", "dotted", "double", "groove", "ridge", "inset", "outset"] as const;

/** A border: its width in pixels, or its width with style and color. */
function lineOf(value: unknown): string | undefined {
  const border = isRecord(value) ? value : { size: value };
  const width = numberIn(border.size, 0, 100);
  if (width === undefined) return undefined;
  return `${width}px ${choiceIn(border.style, LINES) ?? "solid"} ${colorOf(border.color, "line") ?? "var(--ck-border)"}`;
}
