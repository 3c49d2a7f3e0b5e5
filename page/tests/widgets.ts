import "../src/widgets/widget";
import type { ActionRequest } from "../src/widgets/action";
import type { Widget } from "../src/widgets/widget";
import type { Component } from "../src/protocol";

/** Components as they arrive: JSON that may hold anything. */
export type Json = Readonly<Record<string, unknown>> & { readonly type: string };

export async function mounted(root: Json, itemId = "msg_1"): Promise<Widget> {
  const widget = document.createElement("ck-widget");
  widget.root = root as Component;
  widget.itemId = itemId;
  document.body.replaceChildren(widget);
  await widget.updateComplete;
  return widget;
}

/** The widget with another tree, as after an update. */
export async function replaced(widget: Widget, root: Json): Promise<void> {
  widget.root = root as Component;
  await widget.updateComplete;
}

/** A card with one component, which is what most tests are about. */
export function carded(...children: readonly unknown[]): Promise<Widget> {
  return mounted({ type: "Card", children });
}

export function all<T extends Element = HTMLElement>(widget: Widget, selector: string): readonly T[] {
  return [...(widget.shadowRoot?.querySelectorAll<T>(selector) ?? [])];
}

export function one<T extends Element = HTMLElement>(widget: Widget, selector: string): T {
  const [found, ...others] = all<T>(widget, selector);
  if (found === undefined || others.length > 0) {
    throw new Error(`${others.length + (found ? 1 : 0)} elements match ${selector} in ${widget.shadowRoot?.innerHTML}`);
  }
  return found;
}

/** The requests that the widget fires from now on. */
export function requests(widget: Widget): readonly ActionRequest[] {
  const fired: ActionRequest[] = [];
  widget.addEventListener("ck-action", (event) => fired.push((event as CustomEvent<ActionRequest>).detail));
  return fired;
}

export function typeInto(widget: Widget, selector: string, value: string): void {
  const field = one<HTMLInputElement>(widget, selector);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
}

export function choose(widget: Widget, selector: string, value: string): void {
  const field = one<HTMLSelectElement>(widget, selector);
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Work that ends when the test says so. */
export function work(): { readonly promise: Promise<void>; readonly finish: () => void; readonly fail: () => void } {
  let finish = () => {};
  let fail = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = () => reject(new Error("failed"));
  });
  return { promise, finish, fail };
}
