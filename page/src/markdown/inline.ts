/** What stands in a line, as Lit templates. */

import { html, nothing, type TemplateResult } from "lit";
import type { Drawing, Drawn } from "./drawing";
import { decoded } from "./entities";
import type { Token, Tokens } from "./lexer";
import { isAllowedImage, safeHref, safeImage } from "./links";
import { apart, signsIn, withoutSigns } from "./marks";
import { PENDING } from "./mended";

export function inline(tokens: readonly Token[], drawing: Drawing): Drawn {
  const drawn: Drawn[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    const end = token.type === "html" ? closing(tokens, index) : -1;
    drawn.push(end < 0 ? span(token, drawing) : tagged(token.raw, tokens.slice(index + 1, end), drawing));
    if (end >= 0) index = end;
  }
  return drawn;
}

function span(token: Token, drawing: Drawing): Drawn {
  switch (token.type) {
    case "text":
      return token.tokens ? inline(token.tokens as Token[], drawing) : words(decoded(token.text), drawing);
    case "escape":
      return token.text;
    case "strong":
      return html`<strong>${inline(token.tokens as Token[], drawing)}</strong>`;
    case "em":
      return html`<em>${inline(token.tokens as Token[], drawing)}</em>`;
    case "del":
      return html`<del>${inline(token.tokens as Token[], drawing)}</del>`;
    case "codespan":
      return html`<code>${withoutSigns(token.text)}</code>${marksOf(token.raw, drawing)}`;
    case "br":
      return html`<br />`;
    case "link":
      return link(token, drawing);
    case "image":
      return html`${image(token, drawing)}${marksOf(token.raw, drawing)}`;
    case "maths":
      return html`<ck-maths ?display=${token.display} .tex=${withoutSigns(token.tex)} ?open=${token.open}></ck-maths>${marksOf(token.raw, drawing)}`;
    case "noteMark":
      return html`<sup><button type="button" class="note-mark" data-to=${token.label} aria-label=${drawing.t("markdown.note", { label: token.label })}>${token.label}</button></sup>`;
    case "html":
      return /^<br ?\/?>$/i.test(token.raw) ? html`<br />` : words(token.raw, drawing);
    case "checkbox":
      return nothing;
    default:
      return words(token.raw, drawing);
  }
}

/** Text with its citation marks. */
function words(text: string, drawing: Drawing): Drawn {
  const pieces = apart(text);
  return pieces.length === 1 ? text : pieces.map((piece) => (typeof piece === "string" ? piece : mark(piece, drawing)));
}

/** The citation marks in a place that can have none, to be put behind it. */
export function marksOf(raw: string, drawing: Drawing): Drawn {
  const signs = signsIn(raw);
  return signs.length === 0 ? nothing : signs.map((sign) => mark(sign, drawing));
}

function mark(annotation: number, { numbers, titles, t }: Drawing): Drawn {
  const number = numbers[annotation];
  if (number === undefined) return nothing;
  const label = t("markdown.source", { number, title: titles[annotation] ?? "" });
  return html`<sup><button type="button" class="citation" part="citation" data-annotation=${annotation} aria-label=${label}>${number}</button></sup>`;
}

const TAG = /^<(sub|sup|kbd|mark|u)>$/i;

/** The number of the token that closes the tag at `index`, if it is one of the few tags that are drawn. */
function closing(tokens: readonly Token[], index: number): number {
  const name = TAG.exec(tokens[index]?.raw ?? "")?.[1]?.toLowerCase();
  if (name === undefined) return -1;
  return tokens.findIndex((token, at) => at > index && token.type === "html" && token.raw.toLowerCase() === `</${name}>`);
}

function tagged(tag: string, tokens: readonly Token[], drawing: Drawing): TemplateResult {
  const content = inline(tokens, drawing);
  switch (TAG.exec(tag)?.[1]?.toLowerCase()) {
    case "sub":
      return html`<sub>${content}</sub>`;
    case "sup":
      return html`<sup>${content}</sup>`;
    case "kbd":
      return html`<kbd>${content}</kbd>`;
    case "mark":
      return html`<mark>${content}</mark>`;
    default:
      return html`<u>${content}</u>`;
  }
}

function link(token: Tokens.Link, drawing: Drawing): TemplateResult {
  const marks = marksOf(token.raw, drawing);
  if (token.autolink) return html`${address(token)}${marks}`;
  const content = inline(token.tokens as Token[], { ...drawing, numbers: [], inLink: true });
  if (token.href === PENDING) return html`<a>${content}</a>`;
  const href = safeHref(withoutSigns(token.href));
  if (href === null) return html`${content}${marks}`;
  return html`${anchor(href, content, token.title)}${marks}`;
}

/** An address in the text. With a sign behind it, marked takes the full stop for a part of it. */
function address(token: Tokens.Link): TemplateResult {
  const text = withoutSigns(token.text);
  const end = text === token.text ? "" : (/[.,;:!?'")]+$/.exec(text)?.[0] ?? "");
  const href = safeHref(withoutSigns(token.href).slice(0, -end.length || undefined), true);
  const shown = text.slice(0, text.length - end.length);
  return html`${href === null ? shown : anchor(href, shown)}${end}`;
}

function anchor(href: string, content: Drawn, title?: string | null): TemplateResult {
  return html`<a part="link" href=${href} target="_blank" rel="noopener noreferrer nofollow" title=${title ? withoutSigns(decoded(title)) : nothing}>${content}</a>`;
}

function image(token: Tokens.Image, { allowedImageDomains, inLink }: Drawing): Drawn {
  const alt = plain([token]);
  const src = safeImage(withoutSigns(token.href));
  if (src === null) return alt;
  if (!isAllowedImage(src, allowedImageDomains)) return inLink ? alt : anchor(src, alt || src);
  return html`<img part="image" src=${src} alt=${alt} title=${token.title ? withoutSigns(decoded(token.title)) : nothing} loading="lazy" decoding="async" referrerpolicy="no-referrer" />`;
}

/** The words of `tokens` alone. */
export function plain(tokens: readonly Token[]): string {
  return tokens.map(wordsOf).join("").trim();
}

function wordsOf(token: Token): string {
  if (token.type === "checkbox") return "";
  if (token.type === "codespan") return withoutSigns(token.text);
  if (token.type === "maths") return token.tex;
  if ("tokens" in token && token.tokens !== undefined) return plain(token.tokens as Token[]);
  return "text" in token ? withoutSigns(decoded(token.text)) : " ";
}
