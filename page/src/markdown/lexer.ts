/** Markdown as tokens: marked's lexer for GFM, and what it does not know: formulas and footnotes. */

import { Lexer, Marked, type MarkedToken, type Token as AnyToken, type TokenizerExtension, type TokenizerThis } from "marked";
import { UNFINISHED } from "./marks";

export interface MathsToken {
  readonly type: "maths";
  readonly raw: string;
  readonly tex: string;
  readonly display: boolean;
  /** Its end has not arrived. */
  readonly open: boolean;
}

/** A place that a footnote belongs to. */
export interface NoteMarkToken {
  readonly type: "noteMark";
  readonly raw: string;
  readonly label: string;
}

export interface NoteToken {
  readonly type: "note";
  readonly raw: string;
  readonly label: string;
  readonly tokens: AnyToken[];
}

export type Token = MarkedToken | MathsToken | NoteMarkToken | NoteToken;
export type { Tokens } from "marked";

/** Where reference links lead, by label; a footnote's label begins with `^`. */
export type Definitions = Record<string, { href: string; title: string | null | undefined }>;

const TEX = String.raw`(?:[^$\\]|\\[\s\S]|\$(?!\$))+?`;
const DISPLAYED = String.raw`\$\$(${TEX})\$\$|\\\[([\s\S]+?)\\\]`;
const BLOCK = new RegExp(String.raw`^ {0,3}(?:${DISPLAYED})[ \t]*(?:\n|$)`);
const INLINE = new RegExp(String.raw`^(?:${DISPLAYED}|\\\(([\s\S]+?)\\\)|\$((?![\s$])(?:[^$\\\n]|\\[^\n])*?(?:[^\s$\\]|\\[^\s]))\$(?![\p{L}\p{N}]))`, "u");
const FORMULAS = new RegExp(INLINE.source.slice(1), "gu");

const mathsBlock: TokenizerExtension = {
  name: "maths",
  level: "block",
  start: (text) => startOf(text, /\n {0,3}(?=\$\$|\\\[)/),
  tokenizer: (text) => maths(BLOCK.exec(text)),
};

const mathsInline: TokenizerExtension = {
  name: "mathsInline",
  level: "inline",
  start: (text) => startOf(text, /(?<![\p{L}\p{N}\\$])\$|\\[[(]/u),
  tokenizer: (text) => maths(INLINE.exec(text)),
};

function startOf(text: string, pattern: RegExp): number | undefined {
  const at = text.search(pattern);
  return at < 0 ? undefined : at;
}

function maths(found: RegExpExecArray | null): MathsToken | undefined {
  if (found === null) return undefined;
  const [raw, dollars, brackets, parentheses, dollar] = found;
  const display = dollars ?? brackets;
  const tex = display ?? parentheses ?? dollar ?? "";
  const open = tex.endsWith(UNFINISHED);
  return { type: "maths", raw, tex: (open ? tex.slice(0, -1) : tex).trim(), display: display !== undefined, open };
}

const NOTE = /^\[\^([^\]\s]+)\]:[ \t]*([^\n]*(?:\n(?!\s*\[\^)(?:[ \t]*(?=\n[ \t]+\S)|[^\n]*\S[^\n]*))*)(?:\n|$)/;

const note: TokenizerExtension = {
  name: "note",
  level: "block",
  childTokens: ["tokens"],
  start: (text) => startOf(text, /\n(?=\[\^[^\]\s]+\]:)/),
  tokenizer(this: TokenizerThis, text: string) {
    const found = NOTE.exec(text);
    if (found === null) return undefined;
    const [raw, label = "", content = ""] = found;
    this.lexer.tokens.links[`^${label.toLowerCase()}`] = { href: "", title: null };
    return { type: "note", raw, label, tokens: this.lexer.blockTokens(content.replace(/\n(?: {4}|\t)/g, "\n"), []) };
  },
};

/** Without its note, `[^…]` is text, as in a regular expression. A number in brackets gets its note later. */
const noteMark: TokenizerExtension = {
  name: "noteMark",
  level: "inline",
  start: (text) => startOf(text, /\[\^/),
  tokenizer(this: TokenizerThis, text: string) {
    const found = /^\[\^([^\]\s]+)\]/.exec(text);
    const label = found?.[1] ?? "";
    const isKnown = /^\d+$/.test(label) || this.lexer.tokens.links[`^${label.toLowerCase()}`] !== undefined;
    return found !== null && isKnown ? { type: "noteMark", raw: found[0], label } : undefined;
  },
};

const reader = new Marked({ gfm: true });
reader.use({
  extensions: [mathsBlock, mathsInline, note, noteMark],
  hooks: { emStrongMask: (text: string) => text.replace(FORMULAS, (formula) => "a".repeat(formula.length)) },
  tokenizer: { html: () => undefined }, // tags are text: blocks of them are paragraphs like others
});

/** The tokens of `text`. Reference links use `definitions`; those which the text makes itself are put in there. */
export function lexed(text: string, definitions: Definitions = noDefinitions()): Token[] {
  const lexer = new Lexer(reader.defaults);
  const known = Object.assign(noDefinitions(), definitions);
  lexer.tokens.links = known as typeof lexer.tokens.links;
  const tokens = [...lexer.lex(text)] as Token[];
  for (const label of Object.keys(known)) definitions[label] ??= known[label] as Definitions[string];
  return tokens;
}

/** Without what every object inherits: a label may be `constructor`. */
export function noDefinitions(): Definitions {
  return Object.create(null) as Definitions;
}
