import type { Annotation, Source } from "../protocol";
import { objects, text } from "./read";

/** A source of an answer, and the number that its citations in the text bear; null where nothing cites it. */
export interface Numbered {
  readonly key: string;
  readonly source: Source;
  readonly number: number | null;
}

/**
 * The sources of an answer, each once. Those that are cited, that is, with an index in one of the annotations,
 * are numbered from one in the order of their first such annotation in the array (not in the text); the others
 * follow, without a number.
 */
export function numbered(annotations: readonly Annotation[]): readonly Numbered[] {
  const cited = new Map<string, Numbered>();
  const others = new Map<string, Numbered>();
  for (const { source, index } of objects(annotations)) {
    const key = sourceKey(source);
    if (key === null || cited.has(key)) continue;
    if (typeof index === "number") cited.set(key, { key, source, number: cited.size + 1 });
    else if (!others.has(key)) others.set(key, { key, source, number: null });
  }
  return [...cited.values(), ...[...others.values()].filter(({ key }) => !cited.has(key))];
}

/** What two annotations have in common that name the same source; null where there is no source. */
export function sourceKey(source: Source | null | undefined): string | null {
  if (typeof source !== "object" || source === null) return null;
  return `${text(source.type)} ${text(source.url) || text(source.filename) || text(source.id) || text(source.title)}`;
}
