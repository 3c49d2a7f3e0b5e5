import { ContextConsumer } from "@lit/context";
import { LitElement, type CSSResultGroup } from "lit";
import { ENGLISH, textsContext, type Key, type Texts, type Values } from "../locale/texts";
import { base } from "./base";

/** What every component of the chat is made from: the language of the chat it stands in, and the base style. */
export class ChatElement extends LitElement {
  readonly #texts = new ContextConsumer(this, { context: textsContext, subscribe: true });

  protected static override finalizeStyles(styles?: CSSResultGroup): ReturnType<typeof LitElement.finalizeStyles> {
    return super.finalizeStyles(styles === undefined ? base : [base, styles]);
  }

  get texts(): Texts {
    return this.#texts.value ?? ENGLISH;
  }

  t(key: Key, values?: Values): string {
    return this.texts.t(key, values);
  }

  /** Tell those above, whatever shadow roots are between; false when one of them has prevented the default. */
  protected emit<T>(type: string, detail?: T): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: true }));
  }
}

/** Makes the tag known, once: two copies of the script on one page are no error. */
export function define(tag: string, element: CustomElementConstructor): void {
  if (customElements.get(tag) === undefined) customElements.define(tag, element);
}
