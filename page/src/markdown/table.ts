import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { Drawing } from "./drawing";
import { inline } from "./inline";
import type { Token, Tokens } from "./lexer";

/** A table in a region of its own that scrolls, which the keyboard reaches. */
export function table(token: Tokens.Table, drawing: Drawing): TemplateResult {
  const rows = token.rows.map((cells) =>
    guard([cells.map((cell) => cell.text).join("\n"), token.align.join(), drawing], () => row(cells, drawing)),
  );
  return html`<div class="table" part="table" role="region" tabindex="0" aria-label=${drawing.t("markdown.table")}>
    <table>
      <thead>
        <tr>
          ${token.header.map((cell) => html`<th scope="col" class=${cell.align ?? nothing}>${content(cell, drawing)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function row(cells: readonly Tokens.TableCell[], drawing: Drawing): TemplateResult {
  return html`<tr>${cells.map((cell) => html`<td class=${cell.align ?? nothing}>${content(cell, drawing)}</td>`)}</tr>`;
}

function content(cell: Tokens.TableCell, drawing: Drawing): unknown {
  return inline(cell.tokens as Token[], drawing);
}
