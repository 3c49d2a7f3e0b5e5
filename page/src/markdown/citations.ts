/** Where the marks of citations stand in a text, and which number each one bears. */

import type { Annotation } from "../protocol";
import { signOf } from "./marks";

/** A mark to be put at `at`, counted in UTF-16 units of the text. */
export interface Place {
  readonly at: number;
  readonly annotation: number;
}

/** One number for each source, in the order in which they come. */
export function numbered(annotations: readonly Annotation[]): number[] {
  const numbers = new Map<string, number>();
  return annotations.map(({ source }) => {
    const key = identity(source);
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    return number;
  });
}

function identity(source: Annotation["source"]): string {
  const id = source.type === "url" ? source["url"] : source.type === "file" ? source["filename"] : source["id"];
  return `${source.type}\n${typeof id === "string" ? id : source.title}`;
}

/** The marks with a place, in the order of `text`. An index counts characters; one beyond the end is at infinity. */
export function placed(annotations: readonly Annotation[], text: string): Place[] {
  const places = annotations.flatMap(({ index }, annotation) =>
    typeof index === "number" && index >= 0 ? [{ at: index, annotation }] : [],
  );
  places.sort((one, other) => one.at - other.at);
  return inUnits(places, text);
}

/** Characters outside the basic plane are two units of a string. */
function inUnits(places: Place[], text: string): Place[] {
  let [at, characters] = [0, 0];
  return places.map((place) => {
    while (characters < place.at && at < text.length) {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      characters += 1;
    }
    return { ...place, at: characters < place.at ? Infinity : at };
  });
}

/** `block` with a sign for each of `places`, which are counted from its beginning. */
export function signed(block: string, places: readonly Place[], numbers: readonly number[]): string {
  let [signedText, from] = ["", 0];
  const seen = new Set<string>();
  for (const { at, annotation } of places) {
    const to = Math.max(from, stablePlace(block, Math.min(at, block.length)));
    const key = `${to}:${numbers[annotation]}`;
    if (seen.has(key)) continue;
    seen.add(key);
    signedText += block.slice(from, to) + signOf(annotation);
    from = to;
  }
  return signedText + block.slice(from);
}

const STRUCTURE = /^[ \t>]*(?:`{3,}.*|~{3,}.*|\$\$|\\\]|=+|[-*_ ]{3,}|[|:\- \t]*-[|:\- \t]*)$/;
const MARKER = /^[ \t>]*(?:[-*+>]|\d{1,9}[.)]|#{1,6})$/;
const LETTERS = /(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{N}]/u;

/** The place nearest to `at` where a sign does not take Markdown apart: not in a word, nor among signs. */
function stablePlace(block: string, at: number): number {
  let place = beforeStructure(block, at);
  while (isAmongSigns(block, place)) place += 1;
  if (/[\p{L}\p{N}*_~]/u.test(block.charAt(place - 1))) while (LETTERS.test(block.charAt(place))) place += 1;
  const row = /\|[ \t]*$/.exec(block.slice(block.lastIndexOf("\n", place - 1) + 1, place));
  return row === null ? place : place - row[0].length;
}

/** Whether what is on both sides of `place` means something together only: `**`, `](`, `\\*`. */
function isAmongSigns(block: string, place: number): boolean {
  const [before, after] = [block.charAt(place - 1), block.charAt(place)];
  if (before === "\\") return true;
  return /[*_~`$]/.test(after) ? before === after : /[[(]/.test(after) && /[\]!]/.test(before);
}

/** Behind the last words before `at`: not at the beginning of a line, nor in one that is all signs. */
function beforeStructure(block: string, at: number): number {
  let place = block.slice(0, at).trimEnd().length;
  while (place > 0) {
    const line = block.lastIndexOf("\n", place - 1) + 1;
    const end = block.indexOf("\n", line);
    const isWords = !STRUCTURE.test(block.slice(line, end < 0 ? undefined : end)) && !MARKER.test(block.slice(line, place));
    if (isWords) return place;
    place = block.slice(0, line).trimEnd().length;
  }
  return block.trimEnd().length;
}
