import { html } from "lit";
import { styleMap } from "../ui/style_map";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Component } from "../protocol";
import { distanceOf, sidesOf, sizeOf } from "./lengths";
import type { Draw, Drawing, Scope } from "./scope";
import { childrenOf, choiceIn, countIn, valueIn } from "./values";

/** A real table; the header rows that it begins with are its head. */
export const drawTable: Draw = (component, scope) => {
  const rows = childrenOf(component);
  const body = rows.findIndex((row) => row.header !== true);
  const split = body === -1 ? rows.length : body;
  return html`<div class="table-frame">
    <table class="table" part="table">
      ${split > 0 ? html`<thead>${rowsOf(rows.slice(0, split), 0, scope)}</thead>` : null}
      <tbody>${rowsOf(rows.slice(split), split, scope)}</tbody>
    </table>
  </div>`;
};

function rowsOf(rows: readonly Component[], first: number, scope: Scope): Drawing {
  return rows.map((row, index) => scope.child(asRow(row), `row:${first + index}`));
}

/** A row, also around what is put into a table without one; the same object for the same component. */
function asRow(component: Component): Component {
  return component.type === "Table.Row" ? component : wrapped(component, "Table.Row");
}

const WRAPPED = new WeakMap<Component, Component>();

function wrapped(component: Component, type: string): Component {
  const known = WRAPPED.get(component);
  if (known !== undefined) return known;
  const made = { type, children: [component] };
  WRAPPED.set(component, made);
  return made;
}

export const drawTableRow: Draw = (row, scope) => {
  const cells = childrenOf(row).map((cell) => (cell.type === "Table.Cell" ? cell : wrapped(cell, "Table.Cell")));
  return html`<tr part="table-row">
    ${cells.map((cell, index) => drawCell(cell, row.header === true, scope, `cell:${index}`))}
  </tr>`;
};

const COLUMNS: Readonly<Record<string, string>> = { xs: "10%", sm: "20%", md: "30%", lg: "45%", xl: "60%" };

function drawCell(cell: Component, isHeader: boolean, scope: Scope, key: string): Drawing {
  const padding = sidesOf(cell.padding, distanceOf);
  const style = styleMap({
    width: sizeOf(cell.width) ?? valueIn(COLUMNS, cell.colSize),
    "text-align": choiceIn(cell.align, ["start", "center", "end"]),
    "vertical-align": valueIn({ start: "top", center: "middle", end: "bottom" }, cell.vAlign),
    ...Object.fromEntries(Object.entries(padding).map(([side, value]) => [`padding-${side}`, value])),
  });
  const columns = ifDefined(countIn(cell.colSpan, 100));
  const rows = ifDefined(countIn(cell.rowSpan, 1000));
  const content = scope.child(cell, key);
  return isHeader
    ? html`<th scope="col" part="table-cell" colspan=${columns} rowspan=${rows} style=${style}>${content}</th>`
    : html`<td part="table-cell" colspan=${columns} rowspan=${rows} style=${style}>${content}</td>`;
}

export const drawTableCell: Draw = (cell, scope) => scope.children(cell);
