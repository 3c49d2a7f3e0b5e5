/**
 * Signs that are put into the text before it is read, to be found again in what it became: where a citation stands,
 * and that a formula is not complete. Both are symbols of the Yi radicals: Markdown sees punctuation that opens and
 * closes nothing, so emphasis and links beside them read as they would without.
 */

const MARK = "\uA4C6";
const OPEN = "\uA4C5";
const MARKS = /\uA4C6(\d+)\uA4C6/g;

/** What stands in the text for the mark of annotation `index`. */
export function signOf(index: number): string {
  return `${MARK}${index}${MARK}`;
}

/** Put before the end of a formula whose end has not arrived. */
export const UNFINISHED = OPEN;

export function withoutSigns(text: string): string {
  return text.includes(MARK) ? text.replace(MARKS, "") : text;
}

/** The annotations whose marks are in `text`, in their order. */
export function signsIn(text: string): number[] {
  return text.includes(MARK) ? Array.from(text.matchAll(MARKS), (found) => Number(found[1])) : [];
}

/** Text and marks in turn: strings, and numbers of annotations. */
export function apart(text: string): (string | number)[] {
  if (!text.includes(MARK)) return [text];
  return text.split(MARKS).map((piece, index) => (index % 2 === 0 ? piece : Number(piece)));
}
