import type { Component } from "../protocol";

/**
 * Reading properties that a server, or a model through it, has written: whatever the value is, an answer of the
 * right type comes back and nothing is thrown.
 */

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return textIn(value) ?? "";
}

/** As `textOf`, but undefined where there is no text. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** A finite number within the bounds; JSON's numbers may be as large as they like. */
export function numberIn(value: unknown, least: number, most: number): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return Math.min(most, Math.max(least, value));
}

/** A whole number of at least one: lines, rows, columns. */
export function countIn(value: unknown, most = 1000): number | undefined {
  const number = numberIn(value, 0, most);
  return number === undefined || number < 1 ? undefined : Math.floor(number);
}

export function choiceIn<T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

/** What a table of named values holds under a name; nothing for names that every object knows. */
export function valueIn<T>(table: Readonly<Record<string, T>>, name: unknown): T | undefined {
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
}

export function recordsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The components inside another: a list, or a single one. */
export function childrenOf({ children }: Component): readonly Component[] {
  const list: readonly unknown[] = Array.isArray(children) ? children : [children];
  return list.every(isComponent) ? list : list.filter(isComponent);
}

function isComponent(value: unknown): value is Component {
  return isRecord(value) && typeof value.type === "string";
}
