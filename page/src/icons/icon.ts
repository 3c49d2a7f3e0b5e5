import { LitElement, css, html, nothing, svg, type SVGTemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { define } from "../ui/element";
import { SHAPES, type IconNode } from "./shapes";

const LUCIDE = "lucide:";

/**
 * `<ck-icon name="bolt">`: an icon in the colour and size of the text around it, or nothing where the name is
 * not known. Decorative: whoever uses it says in words what it means.
 *
 * There are many on a page, so it is a plain LitElement, without the texts of `ChatElement`.
 */
export class Icon extends LitElement {
  static override properties = { name: {}, shape: { state: true } };
  static override styles = css`
    :host {
      block-size: 1em;
      display: inline-flex;
      flex: none;
      inline-size: 1em;
      vertical-align: -0.125em;
    }
    :host([hidden]) {
      display: none;
    }
    svg {
      block-size: 100%;
      inline-size: 100%;
    }
  `;

  declare name: string;
  declare private shape: IconNode | undefined;

  constructor() {
    super();
    this.name = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("aria-hidden", "true");
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("name")) return;
    const { name } = this;
    this.shape = Object.hasOwn(SHAPES, name) ? SHAPES[name] : undefined;
    if (typeof name === "string" && name.startsWith(LUCIDE)) void this.loadShape(name);
  }

  protected override render() {
    return this.shape === undefined ? nothing : drawn(this.shape);
  }

  private async loadShape(name: string): Promise<void> {
    const shape = await lazyShape(name.slice(LUCIDE.length));
    if (this.name === name) this.shape = shape; // a later name may have been answered first
  }
}

/** A Lucide icon from the chunk with all of them; nothing where it cannot be loaded, as for unknown names. */
async function lazyShape(name: string): Promise<IconNode | undefined> {
  try {
    return (await import("./lucide")).lucideShape(name);
  } catch {
    return undefined;
  }
}

function drawn(shape: IconNode) {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    part="icon"
  >
    ${shape.map(([tag, attributes]) => OUTLINES[tag]?.(attributes))}
  </svg>`;
}

type Outline = (attributes: Record<string, string | number | undefined>) => SVGTemplateResult;

const OUTLINES: Readonly<Record<string, Outline>> = {
  path: ({ d, fill, stroke, ...other }) =>
    svg`<path d=${ifDefined(d)} fill=${ifDefined(fill)} stroke=${ifDefined(stroke)} fill-rule=${ifDefined(other["fill-rule"])}></path>`,
  circle: ({ cx, cy, r, fill, stroke }) =>
    svg`<circle cx=${ifDefined(cx)} cy=${ifDefined(cy)} r=${ifDefined(r)} fill=${ifDefined(fill)} stroke=${ifDefined(stroke)}></circle>`,
  ellipse: ({ cx, cy, rx, ry }) =>
    svg`<ellipse cx=${ifDefined(cx)} cy=${ifDefined(cy)} rx=${ifDefined(rx)} ry=${ifDefined(ry)}></ellipse>`,
  rect: ({ x, y, width, height, rx, ry, fill }) =>
    svg`<rect x=${ifDefined(x)} y=${ifDefined(y)} width=${ifDefined(width)} height=${ifDefined(height)}
      rx=${ifDefined(rx)} ry=${ifDefined(ry)} fill=${ifDefined(fill)}></rect>`,
  line: ({ x1, y1, x2, y2 }) =>
    svg`<line x1=${ifDefined(x1)} y1=${ifDefined(y1)} x2=${ifDefined(x2)} y2=${ifDefined(y2)}></line>`,
  polyline: ({ points }) => svg`<polyline points=${ifDefined(points)}></polyline>`,
  polygon: ({ points }) => svg`<polygon points=${ifDefined(points)}></polygon>`,
};

define("ck-icon", Icon);

declare global {
  interface HTMLElementTagNameMap {
    "ck-icon": Icon;
  }
}
