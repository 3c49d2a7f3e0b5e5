import type { LitElement } from "lit";

/** The element in the page, drawn, with these properties. Hostile ones too: that is why they have no types. */
export async function mounted<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Readonly<Record<string, unknown>>,
): Promise<HTMLElementTagNameMap[T]> {
  const element = document.createElement(tag);
  document.body.append(Object.assign(element, properties));
  await (element as unknown as LitElement).updateComplete;
  return element;
}

export function root(element: Element): ShadowRoot {
  if (element.shadowRoot === null) throw new Error(`${element.localName} has not been drawn`);
  return element.shadowRoot;
}

/** What is written in it, without the style sheets that Lit puts there in jsdom. */
export function said(element: Element): string {
  const copy = document.createElement("div");
  copy.append(...[...root(element).childNodes].map((node) => node.cloneNode(true)));
  copy.querySelectorAll("style").forEach((style) => style.remove());
  return (copy.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** The details of the events of that type which come out of the element from now on. */
export function heard<T>(element: Element, type: string): T[] {
  const details: T[] = [];
  element.addEventListener(type, (event) => details.push((event as CustomEvent<T>).detail));
  return details;
}
