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
  const found = inUnits(places, text).map((place) => ({ ...place, at: stablePlace(text, place.at) }));
  return found.sort((one, other) => (one.at === other.at ? 0 : one.at - other.at));
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
    const to = Math.max(from, Math.min(at, block.length));
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
function stablePlace(text: string, at: number): number {
  if (at === Infinity) return at;
  let place = behindWords(text, at);
  while (isAmongSigns(text, place)) place += 1;
  if (/[\p{L}\p{N}*_~]/u.test(text.charAt(place - 1))) while (LETTERS.test(text.charAt(place))) place += 1;
  const row = /\|[ \t]*$/.exec(text.slice(lineStart(text, place), place));
  return row === null ? place : place - row[0].length;
}

/** Whether what is on both sides of `place` means something together only: `**`, `](`, `\\*`. */
function isAmongSigns(text: string, place: number): boolean {
  const [before, after] = [text.charAt(place - 1), text.charAt(place)];
  if (before === "\\" && after !== "") return true;
  return /[*_~`$]/.test(after) ? before === after : /[[(]/.test(after) && /[\]!]/.test(before);
}

/** Behind the last words before `at`: not at the beginning of a line, nor in one that is all signs. */
function behindWords(text: string, at: number): number {
  for (let place = withoutSpace(text, at); place > 0; place = withoutSpace(text, lineStart(text, place))) {
    const line = text.slice(lineStart(text, place), lineEnd(text, place));
    if (!STRUCTURE.test(line) && !MARKER.test(text.slice(lineStart(text, place), place))) return place;
  }
  return firstWords(text);
}

/** The end of the first line that has words. */
function firstWords(text: string): number {
  for (let start = 0; start < text.length; start = lineEnd(text, start) + 1) {
    const line = text.slice(start, lineEnd(text, start)).trimEnd();
    if (line !== "" && !STRUCTURE.test(line)) return start + line.length;
  }
  return Infinity;
}

function withoutSpace(text: string, end: number): number {
  let place = end;
  while (place > 0 && /\s/.test(text.charAt(place - 1))) place -= 1;
  return place;
}

function lineStart(text: string, place: number): number {
  return place === 0 ? 0 : text.lastIndexOf("\n", place - 1) + 1;
}

function lineEnd(text: string, place: number): number {
  const end = text.indexOf("\n", place);
  return end < 0 ? text.length : end;
}
