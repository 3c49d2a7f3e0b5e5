import { numbered as numbersOf } from "../markdown/citations";
import type { Annotation, Source } from "../protocol";
import { objects, text } from "./read";

/** A source of an answer, and the number that its citations in the text bear. */
export interface Numbered {
  readonly number: number;
  readonly source: Source;
  readonly annotations: readonly Annotation[];
}

/**
 * The sources of an answer, each once, numbered as the marks in the text are: from one, in the order in which they
 * come in the array. Two annotations with the same type and URL, file name or id are of the same source.
 */
export function numbered(annotations: readonly Annotation[]): readonly Numbered[] {
  const sound = objects(annotations).filter(({ source }) => typeof source === "object" && source !== null);
  const numbers = numbersOf(sound);
  const found = new Map<number, Numbered>();
  sound.forEach((annotation, index) => {
    const number = numbers[index] ?? 0;
    const { source, annotations: others } = found.get(number) ?? { source: annotation.source, annotations: [] };
    found.set(number, { number, source, annotations: [...others, annotation] });
  });
  return [...found.values()].sort((one, other) => one.number - other.number);
}

/** What a source is called: by its title, else by what it is known by. */
export function nameOf(source: Source): string {
  return [source.title, source.filename, source.url, source.id].map(text).find((name) => name !== "") ?? "";
}
