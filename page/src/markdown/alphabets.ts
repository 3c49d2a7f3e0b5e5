/** Where the letters A–Z, a–z and the digits 0–9 of mathematical alphabets begin in Unicode. */
const ALPHABETS: Readonly<Record<string, readonly [upper: number, lower: number, digits?: number]>> = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  italic: [0x1d434, 0x1d44e],
  "bold-italic": [0x1d468, 0x1d482, 0x1d7ce],
  script: [0x1d49c, 0x1d4b6],
  "bold-script": [0x1d4d0, 0x1d4ea, 0x1d7ce],
  fraktur: [0x1d504, 0x1d51e],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
  "bold-fraktur": [0x1d56c, 0x1d586],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2],
  "bold-sans-serif": [0x1d5d4, 0x1d5ee, 0x1d7ec],
  "sans-serif-italic": [0x1d608, 0x1d622],
  "sans-serif-bold-italic": [0x1d63c, 0x1d656, 0x1d7ec],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};

/** Letters that Unicode had before it had the alphabets, and so have other places. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  italic: { h: "ℎ" },
  script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
};

/** Greek in bold and italic: Α and α begin there, in the order of Unicode's Greek block. */
const GREEK: Readonly<Record<string, readonly [upper: number, lower: number]>> = {
  bold: [0x1d6a8, 0x1d6c2],
  italic: [0x1d6e2, 0x1d6fc],
  "bold-italic": [0x1d71c, 0x1d736],
};

/** `text` in the characters of a `mathvariant`; what has no place in that alphabet stays as it is. */
export function inAlphabet(text: string, variant: string): string {
  return Array.from(text, (letter) => ELSEWHERE[variant]?.[letter] ?? moved(letter, variant)).join("");
}

function moved(letter: string, variant: string): string {
  const [upper, lower, digits] = ALPHABETS[variant] ?? [];
  const [greekUpper, greekLower] = GREEK[variant] ?? [];
  const to = (start: number | undefined, first: string) =>
    start === undefined ? letter : String.fromCodePoint(start + (letter.codePointAt(0) ?? 0) - (first.codePointAt(0) ?? 0));
  if (/^[A-Z]$/.test(letter)) return to(upper, "A");
  if (/^[a-z]$/.test(letter)) return to(lower, "a");
  if (/^[0-9]$/.test(letter)) return to(digits, "0");
  if (/^[Α-Ω]$/.test(letter)) return to(greekUpper, "Α");
  return /^[α-ω]$/.test(letter) ? to(greekLower, "α") : letter;
}
