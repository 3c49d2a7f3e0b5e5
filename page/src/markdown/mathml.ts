/** Formulas as elements: what KaTeX writes is parsed as XML and copied, and only what MathML needs is copied. */

import { inAlphabet } from "./alphabets";
import { inert } from "./trusted";

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS: ReadonlySet<string> = new Set(
  ("math semantics annotation mrow mi mo mn mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover " +
    "mmultiscripts mprescripts none mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose merror").split(" "),
);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  ("display displaystyle scriptlevel mathvariant mathcolor mathbackground mathsize stretchy symmetric largeop movablelimits " +
    "form fence separator accent accentunder lspace rspace minsize maxsize width height depth voffset linethickness notation " +
    "rowspacing columnspacing columnlines rowlines frame encoding").split(" "),
);

/** A policy against inline style complains of it in documents that nobody shows, too; in KaTeX's text all quotes are escaped. */
const STYLE = / style="[^"]*"/g;

/** The `math` element of KaTeX's output for `document`; null where there is none, as for TeX that it cannot read. */
export function mathElement(output: string): Element | null {
  const math = inert(output.replace(STYLE, ""), "application/xml")?.getElementsByTagNameNS(NAMESPACE, "math")[0];
  return math === undefined ? null : (copied(math) as Element);
}

function copied(from: Element): Node {
  const children = Array.from(from.childNodes, (child) =>
    child.nodeType === Node.ELEMENT_NODE ? copied(child as Element) : (child.textContent ?? ""),
  );
  const to = ELEMENTS.has(from.localName) ? document.createElementNS(NAMESPACE, from.localName) : document.createDocumentFragment();
  if (to instanceof Element) copyAttributes(from, to);
  to.append(...children);
  if (to instanceof Element && to.childElementCount === 0) useAlphabet(to);
  if (from.localName === "mtable" && to instanceof Element) alignColumns(to, from.getAttribute("columnalign"));
  return to;
}

function copyAttributes(from: Element, to: Element): void {
  for (const { name, value } of from.attributes) if (ATTRIBUTES.has(name)) to.setAttribute(name, value);
}

/** Browsers draw letters of other alphabets (bold, double-struck…) by their own characters alone. */
function useAlphabet(token: Element): void {
  const variant = token.getAttribute("mathvariant");
  if (variant === null || variant === "normal") return;
  token.textContent = inAlphabet(token.textContent ?? "", variant);
  token.removeAttribute("mathvariant");
}

/** Browsers leave columns to style sheets: cells get `left` or `right` as a class. */
function alignColumns(table: Element, columns: string | null): void {
  const sides = columns?.split(/\s+/) ?? [];
  for (const row of table.children) {
    Array.from(row.children).forEach((cell, index) => {
      const side = sides[Math.min(index, sides.length - 1)];
      if (side === "left" || side === "right") cell.setAttribute("class", side);
    });
  }
}
