import { noChange } from "lit";
import { Directive, directive, PartType, type AttributePart, type PartInfo } from "lit/directive.js";
import type { StyleInfo } from "lit/directives/style-map.js";

/**
 * `style=${styleMap({…})}` like Lit's own, but set through the CSSOM from the first time on: a `style` attribute is inline style,
 * which a strict content security policy forbids.
 */
class StyleMap extends Directive {
  #before: readonly string[] = [];

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== "style") throw new Error("styleMap stands in a `style` attribute.");
  }

  render(_style: Readonly<StyleInfo>): typeof noChange {
    return noChange;
  }

  override update(part: AttributePart, [style]: [Readonly<StyleInfo>]): typeof noChange {
    const target = (part.element as HTMLElement).style;
    const names = Object.keys(style).filter((name) => style[name] != null);
    for (const name of this.#before) if (!names.includes(name)) target.removeProperty(kebab(name));
    for (const name of names) target.setProperty(kebab(name), String(style[name]));
    this.#before = names;
    return noChange;
  }
}

function kebab(name: string): string {
  return name.startsWith("--") ? name : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export const styleMap = directive(StyleMap);
