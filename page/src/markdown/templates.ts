/** Tokens as Lit templates. No string of the text is ever read as HTML. */

import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import "./code";
import type { Drawing, Drawn } from "./drawing";
import { inline, marksOf, plain } from "./inline";
import type { NoteToken, Token, Tokens } from "./lexer";
import { withoutSigns } from "./marks";
import "./maths";
import { table } from "./table";

export function blocks(tokens: readonly Token[], drawing: Drawing): Drawn {
  return tokens.map((token) => block(token, drawing));
}

function block(token: Token, drawing: Drawing): Drawn {
  switch (token.type) {
    case "paragraph":
      return html`<p>${inline(token.tokens as Token[], drawing)}</p>`;
    case "text":
      return token.tokens ? inline(token.tokens as Token[], drawing) : inline([token], drawing);
    case "heading":
      return heading(token, drawing);
    case "list":
      return list(token, drawing);
    case "blockquote":
      return html`<blockquote>${blocks(token.tokens as Token[], drawing)}</blockquote>`;
    case "code":
      return code(token, drawing);
    case "table":
      return table(token, drawing);
    case "maths":
      return html`<ck-maths display .tex=${withoutSigns(token.tex)} ?open=${token.open}></ck-maths>${marksOf(token.raw, drawing)}`;
    case "note":
      return note(token, drawing);
    case "hr":
      return html`<hr />`;
    case "space":
    case "def":
    case "checkbox":
      return nothing;
    default:
      return inline([token], drawing);
  }
}

/** Below the page's own headings: the first level is an h3. */
function heading({ depth, tokens }: Tokens.Heading, drawing: Drawing): TemplateResult {
  const content = inline(tokens as Token[], drawing);
  switch (depth) {
    case 1:
      return html`<h3>${content}</h3>`;
    case 2:
      return html`<h4>${content}</h4>`;
    case 3:
      return html`<h5>${content}</h5>`;
    default:
      return html`<h6>${content}</h6>`;
  }
}

function list(token: Tokens.List, drawing: Drawing): TemplateResult {
  const items = token.items.map((each) => guard([each.raw, each.loose, drawing], () => item(each, drawing)));
  if (!token.ordered) return html`<ul>${items}</ul>`;
  return html`<ol start=${token.start === "" ? 1 : token.start}>${items}</ol>`;
}

function item(token: Tokens.ListItem, drawing: Drawing): TemplateResult {
  const content = blocks(token.tokens as Token[], drawing);
  if (!token.task) return html`<li>${content}</li>`;
  const name = plain(token.tokens as Token[]) || drawing.t("markdown.task");
  return html`<li class="task"><input type="checkbox" disabled .checked=${token.checked ?? false} aria-label=${name} />${content}</li>`;
}

function code(token: Tokens.Code, drawing: Drawing): Drawn {
  return html`<ck-code-block part="code-block" .text=${withoutSigns(token.text)} .language=${withoutSigns(token.lang ?? "")} ?growing=${drawing.growing}></ck-code-block>${marksOf(token.raw, drawing)}`;
}

function note({ label, tokens }: NoteToken, drawing: Drawing): TemplateResult {
  return html`<div class="note" tabindex="-1" data-note=${label}>
    <button type="button" class="note-mark" data-back=${label} aria-label=${drawing.t("markdown.noteBack", { label })}>${label}</button>
    <div>${blocks(tokens as Token[], drawing)}</div>
  </div>`;
}
