const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Where the text runs to, by its first letter as `dir="auto"` has it; "" where it has none. The browser's own rule
 * looks through the whole block for each node that comes or goes, which takes seconds in long ones.
 */
export function directionOf(text: string): "ltr" | "rtl" | "" {
  const letter = LETTER.exec(text)?.[0];
  return letter === undefined ? "" : RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}
