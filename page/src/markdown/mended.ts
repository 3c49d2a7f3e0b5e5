/**
 * Text that breaks off, completed so that it can be shown: what has been opened is closed, and marks of which it is
 * not clear yet what they will be are left out. Looks at the last lines alone, so it is given the last block.
 */

import { UNFINISHED } from "./marks";

/** An address that no link may have: the text of the link is shown, as a link that leads nowhere yet. */
export const PENDING = "pending:";

export function mended(text: string): string {
  if (text === "") return "";
  const fence = openFence(text);
  if (fence !== null) return withoutHalfFence(text, fence);
  const formula = openFormula(text);
  if (formula !== null) return formula;
  const line = text.lastIndexOf("\n") + 1;
  const before = text.slice(0, line);
  const last = withoutHalfMarker(text.slice(line), before);
  const table = mendedTable(before, last);
  if (table !== null) return table;
  return inline(before + last);
}

const FENCE = /^(?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*(`{3,}(?=[^`\n]*$)|~{3,})/;

/** The fence that is open at the end of the text. */
function openFence(text: string): string | null {
  if (!text.includes("```") && !text.includes("~~~")) return null;
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const fence = FENCE.exec(line)?.[1];
    if (open === null) open = fence ?? null;
    else if (fence?.startsWith(open) && line.trim().endsWith(fence)) open = null;
  }
  return open;
}

/** The first backticks of the closing fence are no code; the name of the language counts when it is whole. */
function withoutHalfFence(text: string, fence: string): string {
  const line = text.lastIndexOf("\n") + 1;
  const last = text.slice(line);
  if (FENCE.test(last)) return text.slice(0, line + last.indexOf(fence) + fence.length);
  const bare = last.trim();
  const isHalf = bare !== "" && bare.length < fence.length && fence.startsWith(bare);
  return isHalf ? text.slice(0, line) : text;
}

const FORMULA = /(?:^|\n)[ \t]*(\$\$|\\\[)/g;
const BLANK_LINE = /\n[ \t]*\n/;

/** A displayed formula that begins a line may hold anything, also what looks like a list: it is closed as a whole. */
function openFormula(text: string): string | null {
  FORMULA.lastIndex = 0;
  for (let found = FORMULA.exec(text); found !== null; found = FORMULA.exec(text)) {
    const closing = found[1] === "$$" ? "$$" : "\\]";
    const end = text.indexOf(closing, FORMULA.lastIndex);
    if (end >= 0) FORMULA.lastIndex = end + 2;
    else if (!BLANK_LINE.test(text.slice(FORMULA.lastIndex))) return closedFormula(text, FORMULA.lastIndex, closing);
  }
  return null;
}

function closedFormula(text: string, start: number, closing: string): string {
  const tex = text.slice(start).replace(/[$\\\s]+$/, "");
  return tex.trim() === "" ? text.slice(0, start - 2) : `${text.slice(0, start)}${tex}${UNFINISHED}${closing}`;
}

/** `line` without signs at its beginning of which nobody knows yet what they begin. */
function withoutHalfMarker(line: string, before: string): string {
  if (/^\s*(?:[-*+_=`~#>|]+|\d{1,9}[.)]|\[\^[^\]]*\]?:?|\[[^\]\n]+\]:)\s*$/.test(line)) {
    return isTableRow(line, before) ? line : "";
  }
  const counts = /^\s*\d{1,9}$/.test(line) && /(?:^|\n)\s*\d{1,9}[.)]\s[^\n]*\n\s*$/.test(before);
  if (counts) return "";
  return line.replace(/^((?:\s|>)*(?:[-*+]|\d{1,9}[.)])\s+)\[[ xX]?\]?\s*$/, "$1");
}

function isTableRow(line: string, before: string): boolean {
  return /\||--/.test(line) && /\|[^\n]*\n$/.test(before);
}

const DELIMITERS = /^[ \t]*[|:-][|:\- \t]*$/;

/** A table is one from its first row on; null where the text ends in none, or in the middle of one. */
function mendedTable(before: string, last: string): string | null {
  const above = before.replace(/\n$/, "");
  const header = above.slice(above.lastIndexOf("\n") + 1);
  const over = above.slice(0, above.length - header.length);
  if (header.includes("|") && DELIMITERS.test(last) && !DELIMITERS.test(header) && !isRow(over)) {
    return `${before}${delimiters(header)}`;
  }
  if (last === "" && /^[ \t]*\|/.test(header) && before.endsWith("\n") && !isRow(over) && !DELIMITERS.test(header)) {
    return `${before}${delimiters(header)}`;
  }
  if (/^[ \t]*\|[ \t]*\S/.test(last) && !isRow(before)) {
    const row = inline(last.replace(/\|[ \t]*$/, ""));
    return `${before}${row}\n${delimiters(row)}`;
  }
  return null;
}

/** Whether the last of these lines belongs to a table. */
function isRow(lines: string): boolean {
  return /(?:^|\n)[^\n]*\|[^\n]*\n$/.test(lines);
}

function delimiters(header: string): string {
  const cells = header.trim().replace(/^\|/, "").replace(/\|$/, "").replace(/\\\|/g, "").split("|");
  return `|${"---|".repeat(cells.length)}`;
}

const LEAF = /^(?:\s|>)*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(?:\[[ xX]\]\s|#{1,6}\s)?/;

/** Where the last paragraph, item, heading or cell begins: no emphasis goes beyond. */
function leafStart(text: string): number {
  let start = text.length;
  while (start > 0) {
    const line = text.lastIndexOf("\n", start - 2) + 1;
    const content = text.slice(line, start);
    if (/^(?:\s|>)*$/.test(content) && start < text.length) return start;
    const marker = LEAF.exec(content)?.[0] ?? "";
    start = line;
    if (/[-*+#.)\]]\s/.test(marker)) return line + marker.length;
  }
  return start;
}

function inline(text: string): string {
  const start = cellStart(text, leafStart(text));
  return text.slice(0, start) + completed(text.slice(start));
}

function cellStart(text: string, leaf: number): number {
  const line = text.lastIndexOf("\n") + 1;
  if (!/^[ \t]*\|/.test(text.slice(line))) return leaf;
  return Math.max(leaf, text.lastIndexOf("|") + 1);
}

/** One run of text with everything in it closed. */
export function completed(run: string): string {
  const text = withoutHalfSign(run);
  const open: string[] = [];
  let at = 0;
  while (at < text.length) {
    const step = stepAt(text, at, open);
    if (typeof step === "string") return step;
    at = step;
  }
  return closed(text, open);
}

/** Signs at the very end that more text may turn into something else. */
function withoutHalfSign(text: string): string {
  return text
    .replace(/(?<!\\)((?:\\\\)*)\\$/, "$1")
    .replace(/<(?:\/?[a-z]{0,4}\/?|(?:https?|mailto):[^\s>]*)$/i, "")
    .replace(/&(?:#\w{0,6}|[a-z]{1,8})?$/i, "")
    .replace(/(^|\s)!$/, "$1");
}

const OPENS_LINK = /^!?\[/;

/** Reads what stands at `at`: gives where to go on, or the whole text completed, when what stands there has no end. */
function stepAt(text: string, at: number, open: string[]): number | string {
  const rest = text.slice(at, at + 2);
  if (rest.startsWith("`")) return overCode(text, at, open);
  if (rest === "$$") return overFormula(text, at, 2, "$$", open);
  if (rest === "\\(") return overFormula(text, at, 2, "\\)", open);
  if (rest === "\\[") return overFormula(text, at, 2, "\\]", open);
  if (rest.startsWith("\\")) return at + 2;
  if (rest.startsWith("$")) return overDollar(text, at);
  if (OPENS_LINK.test(rest)) return overLink(text, at, open);
  if (rest.startsWith("<")) return overTag(text, at, open);
  if (/^[*_~]/.test(rest)) return overRun(text, at, open);
  return at + 1;
}

function overCode(text: string, at: number, open: string[]): number | string {
  const ticks = /^`+/.exec(text.slice(at))?.[0] ?? "`";
  const end = new RegExp(`(?<!\`)${ticks}(?!\`)`).exec(text.slice(at + ticks.length));
  if (end !== null) return at + 2 * ticks.length + end.index;
  const code = text.slice(at + ticks.length).replace(/`+$/, "");
  const start = text.slice(0, at);
  return code.trim() === "" ? closed(start, open) : closed(`${start}${ticks}${code}${ticks}`, open);
}

function overFormula(text: string, at: number, length: number, closing: string, open: string[]): number | string {
  const end = text.indexOf(closing, at + length);
  if (end >= 0) return end + closing.length;
  const tex = text.slice(at + length).replace(/[$\\\s]+$/, "");
  const start = text.slice(0, at);
  return tex === "" ? closed(start, open) : closed(`${start}${text.slice(at, at + length)}${tex}${UNFINISHED}${closing}`, open);
}

/** A formula between single dollars that is whole is stepped over; half of one may as well be money. */
function overDollar(text: string, at: number): number {
  const whole = /^\$(?=[^\s$])[^$\n]*?[^\s\\$]?\$(?!\d)/.exec(text.slice(at));
  return whole === null ? at + 1 : at + whole[0].length;
}

const LONGEST_LABEL = 400;

function overLink(text: string, at: number, open: string[]): number | string {
  const isImage = text.startsWith("!", at);
  const label = at + (isImage ? 2 : 1);
  const end = labelEnd(text, label);
  if (end < 0) return text.length - label > LONGEST_LABEL ? label : pending(text, at, label, text.length, open);
  const next = text.charAt(end + 1);
  if (next === "") return pending(text, at, label, end, open);
  if (next === "(" && !text.includes(")", end)) return pending(text, at, label, end, open);
  if (next === "[" && !text.includes("]", end + 1)) return pending(text, at, label, end, open);
  if (next !== "(" && next !== "[") return label;
  return isImage ? text.indexOf(next === "(" ? ")" : "]", end) + 1 : label;
}

function labelEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === "\\") at += 1;
    else if (sign === "[") depth += 1;
    else if (sign === "]" && (depth -= 1) < 0) return at;
  }
  return -1;
}

/** The text of a link without its address yet; nothing of an image or a footnote. */
function pending(text: string, at: number, label: number, end: number, open: string[]): string {
  const words = text.slice(label, end);
  if (label - at === 2 || words.startsWith("^") || words.trim() === "") return closed(text.slice(0, at), open);
  return closed(`${text.slice(0, at)}[${completed(words)}](${PENDING})`, open);
}

const TAG = /^<(\/?)(sub|sup|kbd|mark|u)>/i;

function overTag(text: string, at: number, open: string[]): number {
  const tag = TAG.exec(text.slice(at, at + 8));
  if (tag === null) return at + 1;
  const [whole, slash, name = ""] = tag;
  const end = `</${name}>`;
  if (!slash) open.push(end);
  else if (open.includes(end)) open.length = open.lastIndexOf(end);
  return at + whole.length;
}

/** Stars, underscores and tildes: by the rules of emphasis they open, close, or are themselves. */
function overRun(text: string, at: number, open: string[]): number | string {
  const sign = text.charAt(at);
  let end = at;
  while (text.charAt(end) === sign) end += 1;
  if (end === text.length) return closed(text.slice(0, at), open);
  const [before, after] = [text.charAt(at - 1), text.charAt(end)];
  let left = sign === "~" && end - at !== 2 ? 0 : end - at;
  if (mayClose(sign, before, after)) left = close(open, sign, left);
  if (left > 0 && mayOpen(sign, before, after)) open.push(...pieces(sign, left));
  return end;
}

function pieces(sign: string, length: number): string[] {
  if (sign === "~" || length === 2) return [sign.repeat(length)];
  return length === 1 ? [sign] : length === 3 ? [sign, sign + sign] : [];
}

/** Takes from what is open as much as `length` signs close; gives how many are left. */
function close(open: string[], sign: string, length: number): number {
  let left = length;
  for (let index = open.length - 1; index >= 0 && left > 0; index -= 1) {
    const piece = open[index] ?? "";
    if (!piece.startsWith(sign) || piece.length > left) continue;
    left -= piece.length;
    open.length = index;
  }
  return left;
}

const WORD = /[\p{L}\p{N}]/u;
const SPACE = /^\s?$/;

function mayOpen(sign: string, before: string, after: string): boolean {
  if (SPACE.test(after)) return false;
  if (!WORD.test(after) && WORD.test(before)) return false;
  return sign !== "_" || !WORD.test(before);
}

function mayClose(sign: string, before: string, after: string): boolean {
  if (SPACE.test(before)) return false;
  return sign !== "_" || !WORD.test(after);
}

/** `text` with the ends of all that is open; what was opened last and holds nothing is taken back. */
function closed(text: string, open: readonly string[]): string {
  const tail = /\s*$/.exec(text)?.[0] ?? "";
  let body = text.slice(0, text.length - tail.length);
  const left = [...open];
  while (left.length > 0) {
    const opening = openingOf(left[left.length - 1] ?? "");
    if (!body.toLowerCase().endsWith(opening.toLowerCase())) break;
    body = body.slice(0, -opening.length).trimEnd();
    left.pop();
  }
  return body + left.reverse().join("") + (left.length > 0 ? "" : tail);
}

function openingOf(closing: string): string {
  return closing.replace("</", "<");
}
