import { nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { Component } from "../protocol";
import { DRAWINGS } from "./components";
import type { Draw, Drawing, Host, Scope } from "./scope";
import { childrenOf, textIn, valueIn } from "./values";

/** Deeper trees are not drawn further: nobody writes them, and each level costs the browser a nested box. */
const DEEPEST = 100;

export function scopeOf(host: Host): Scope {
  return new Place(host, "", 0, "");
}

class Place implements Scope {
  constructor(
    readonly host: Host,
    readonly path: string,
    readonly depth: number,
    readonly form: string,
  ) {}

  children(component: Component, form = this.form): Drawing {
    const children = childrenOf(component);
    if (children.length === 0) return nothing;
    const keys = keysOf(children);
    return repeat(
      children,
      (_, index) => keys[index],
      (child, index) => draw(child, this.below(keys[index] ?? "", form)),
    );
  }

  child(component: Component, key: string): Drawing {
    return draw(component, this.below(key, this.form));
  }

  private below(key: string, form: string): Scope {
    return new Place(this.host, `${this.path}/${key}`, this.depth + 1, form);
  }
}

/**
 * A component as a template; not drawn again while the component is the same object in the same place, however
 * often the tree around it is replaced.
 */
export function draw(component: Component, scope: Scope): Drawing {
  return guard([component, scope.path, scope.form, scope.host.version], () =>
    scope.depth > DEEPEST ? nothing : (valueIn(DRAWINGS, component.type) ?? drawUnknown)(component, scope),
  );
}

/** A component of a kind that is not known here: what is in it can still be shown. */
const drawUnknown: Draw = (component, scope) => scope.children(component);

/** A key for each sibling: its own, or its id, or its place; with its type, so that no element changes its kind. */
function keysOf(children: readonly Component[]): readonly string[] {
  const taken = new Set<string>();
  return children.map(({ type, key, id }, index) => {
    const own = `${type}:${textIn(key) || textIn(id) || index}`;
    const unique = taken.has(own) ? `${own}:${index}` : own;
    taken.add(unique);
    return unique;
  });
}
