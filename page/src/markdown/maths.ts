import { css, html, type PropertyValues } from "lit";
import { ChatElement, define } from "../ui/element";
import { mathElement } from "./mathml";

type Katex = typeof import("katex").default;

const LONGEST = 20_000;

let katex: Katex | null = null;
let arriving: Promise<Katex> | null = null;

async function load(): Promise<Katex> {
  arriving ??= import("katex").then((loaded) => (katex = loaded.default));
  return arriving;
}

/** A formula that is wider than the chat can be scrolled with the keyboard. */
const sizes = typeof ResizeObserver === "undefined" ? null : new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target)));

function reach(formula: Element): void {
  if (formula.scrollWidth > formula.clientWidth) formula.setAttribute("tabindex", "0");
  else formula.removeAttribute("tabindex");
}

/** One formula. Until its end and KaTeX have arrived, and where KaTeX cannot read it, its TeX is shown. */
export class Maths extends ChatElement {
  static override properties = {
    tex: { attribute: false },
    display: { type: Boolean, reflect: true },
    open: { type: Boolean },
  };
  declare tex: string;
  declare display: boolean;
  declare open: boolean;
  #drawn: { tex: string; display: boolean; math: Element | null } | null = null;

  static override styles = css`
    :host {
      font-size: inherit;
    }
    :host([display]) {
      display: block;
      overflow-x: auto;
      overflow-y: hidden;
      padding-block: calc(0.5 * var(--ck-space));
      text-align: center;
    }
    math {
      font-family:
        "STIX Two Math", "Cambria Math", "Latin Modern Math", "Libertinus Math", "TeX Gyre Termes Math", "DejaVu Math TeX Gyre", "DejaVu Serif",
        math, serif;
      font-size: 1.1em;
    }
    mfrac > * {
      padding-block: 0.1em;
    }
    mtable[width="100%"] {
      inline-size: 100%;
    }
    mtd[width="50%"] {
      inline-size: 50%;
    }
    [mathcolor="#cc0000"] {
      color: var(--ck-danger);
    }
    code {
      color: var(--ck-text-secondary);
      font-family: var(--ck-font-mono);
      font-size: 0.9em;
      white-space: pre-wrap;
    }
    mtd.left {
      padding-inline-start: 0;
      text-align: left;
    }
    mtd.right {
      padding-inline-end: 0;
      text-align: right;
    }
    menclose[notation~="box"] {
      border: 1px solid;
      padding: 0.2em 0.35em;
    }
    menclose[notation~="updiagonalstrike"] {
      background: linear-gradient(to bottom right, transparent 47%, currentColor 48%, currentColor 52%, transparent 53%);
    }
  `;

  constructor() {
    super();
    this.tex = "";
    this.display = false;
    this.open = false;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.open) return;
    if (katex === null) void load().then(() => this.requestUpdate(), () => undefined);
    else if (this.#drawn?.tex !== this.tex || this.#drawn.display !== this.display) this.#draw(katex);
  }

  protected override render(): unknown {
    const math = this.open ? null : this.#drawn?.math;
    return math ?? html`<code dir="ltr">${this.tex}</code>`;
  }

  protected override updated(): void {
    if (this.display) sizes?.observe(this);
  }

  #draw(renderer: Katex): void {
    this.#drawn = { tex: this.tex, display: this.display, math: drawn(renderer, this.tex, this.display) };
  }
}

/** Nothing in TeX may name an address, run long, or leave definitions to the next formula. */
function drawn(renderer: Katex, tex: string, displayMode: boolean): Element | null {
  if (tex.length > LONGEST) return null;
  try {
    const limits = { maxSize: 20, maxExpand: 500, trust: false, throwOnError: false } as const;
    return mathElement(renderer.renderToString(tex, { ...limits, displayMode, output: "mathml", strict: "ignore", macros: {} }));
  } catch {
    return null;
  }
}

define("ck-maths", Maths);
