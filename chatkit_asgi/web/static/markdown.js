// A safe subset of Markdown, made into DOM nodes: paragraphs, headings, lists, quotes, code, emphasis, links.

import { copyText, el, iconButton, link } from "./dom.js";

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const INLINE = new RegExp(
  [
    /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, // `code`
    /\*\*(\S(?:[\s\S]*?\S)?)\*\*/, // **strong**
    /\*([^\s*](?:[^*]*[^\s*])?)\*/, // *emphasis*
    /\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/, // [label](target)
    /(https?:\/\/[^\s<>()"'`]*[^\s<>()"'`.,;:!?])/, // a bare address
  ]
    .map((part) => part.source)
    .join("|"),
);

const drawn = new WeakMap(); // block element -> its source

/**
 * Draws `text` into `container`. Blocks that did not change keep their nodes, so that a growing text
 * touches only its end: a selection stays, and nothing is announced twice.
 */
export function renderMarkdown(container, text) {
  const blocks = splitBlocks(text);
  blocks.forEach((block, index) => placeBlock(container, block, container.children[index]));
  while (container.children.length > blocks.length) container.lastElementChild.remove();
}

function placeBlock(container, block, old) {
  const source = block.lines.join("\n");
  if (old && drawn.get(old) === source) return;
  const node = DRAW[block.kind](block.lines);
  drawn.set(node, source);
  if (old) old.replaceWith(node);
  else container.append(node);
}

function splitBlocks(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (!lines[at].trim()) at += 1;
    else {
      const kind = kindOf(lines[at]);
      const end = ENDS[kind](lines, at);
      blocks.push({ kind, lines: lines.slice(at, end) });
      at = end;
    }
  }
  return blocks;
}

function kindOf(line) {
  if (FENCE.test(line)) return "code";
  if (HEADING.test(line)) return "heading";
  if (RULE.test(line)) return "rule";
  if (ITEM.test(line)) return "list";
  return QUOTE.test(line) ? "quote" : "paragraph";
}

// Where a block that begins at `at` ends (the index after its last line).
const ENDS = {
  code(lines, at) {
    const fence = FENCE.exec(lines[at])[1];
    const close = lines.findIndex((line, index) => index > at && line.trim().startsWith(fence));
    return close < 0 ? lines.length : close + 1;
  },
  heading: (_, at) => at + 1,
  rule: (_, at) => at + 1,
  list: (lines, at) =>
    firstAfter(lines, at, (line, next) =>
      line.trim() ? !ITEM.test(line) && !/^\s{2}/.test(line) : !ITEM.test(next) && !/^\s{2}\S/.test(next),
    ),
  quote: (lines, at) => firstAfter(lines, at, (line) => !QUOTE.test(line)),
  paragraph: (lines, at) => firstAfter(lines, at, (line) => !line.trim() || kindOf(line) !== "paragraph"),
};

function firstAfter(lines, at, isEnd) {
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end], lines[end + 1] ?? "")) end += 1;
  return end;
}

const DRAW = {
  code: drawCode,
  heading: ([line]) => el(headingTag(line), {}, inline(HEADING.exec(line)[2])),
  rule: () => el("hr"),
  list: drawList,
  paragraph: (lines) => el("p", {}, inline(lines.join("\n"))),
  quote: (lines) =>
    drawBlocks(
      "blockquote",
      lines.map((line) => line.replace(QUOTE, "")),
    ),
};

/** The page itself uses h1 and h2; a text that begins with `#` or with `##` begins below them. */
function headingTag(line) {
  const depth = HEADING.exec(line)[1].length;
  return `h${Math.min(Math.max(depth + 1, 3), 6)}`;
}

function drawCode(lines) {
  const [, fence, language] = FENCE.exec(lines[0]);
  const isClosed = lines.length > 1 && lines.at(-1).trim().startsWith(fence);
  const text = lines.slice(1, isClosed ? -1 : undefined).join("\n");
  const copy = iconButton("copy", "Copy the code", () => copyText(text));
  return el(
    "div",
    { class: "code" },
    el("div", { class: "code-head" }, el("span", {}, language || "code"), copy),
    el("pre", { tabindex: "0" }, el("code", {}, text)),
  );
}

function drawBlocks(tag, lines) {
  const node = el(tag);
  renderMarkdown(node, lines.join("\n"));
  return node;
}

function drawList(lines) {
  const [, indent, marker] = ITEM.exec(lines[0]);
  const isNumbered = /\d/.test(marker);
  const start = isNumbered && parseInt(marker, 10) !== 1 ? parseInt(marker, 10) : null;
  const items = splitItems(lines, indent.length);
  return el(isNumbered ? "ol" : "ul", { start }, items.map(drawListItem));
}

/** Lines of each item; what is indented further than the list's own marker belongs to the item. */
function splitItems(lines, indent) {
  const items = [];
  for (const line of lines) {
    const found = ITEM.exec(line);
    if (found && found[1].length <= indent + 1) items.push([found[3]]);
    else items.at(-1).push(line.replace(/^\s{1,4}/, ""));
  }
  return items;
}

function drawListItem(lines) {
  if (lines.length === 1) return el("li", {}, inline(lines[0]));
  const node = drawBlocks("li", lines);
  if (node.firstElementChild?.tagName === "P")
    node.firstElementChild.replaceWith(...node.firstElementChild.childNodes);
  return node;
}

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    nodes.push(rest.slice(0, found.index), drawInline(found));
    rest = rest.slice(found.index + found[0].length);
  }
  return [...nodes, rest];
}

function drawInline([, , code, strong, emphasis, label, target, bare]) {
  if (code !== undefined) return el("code", {}, code.replace(/^ (.*) $/s, "$1"));
  if (strong !== undefined) return el("strong", {}, inline(strong));
  if (emphasis !== undefined) return el("em", {}, inline(emphasis));
  if (label !== undefined) return link(target, label);
  return link(bare, bare);
}
