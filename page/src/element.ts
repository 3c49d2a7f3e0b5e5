import { html } from "lit";
import { ChatElement, define } from "./ui/element";

/** `<openai-chatkit>`: the chat. */
export class OpenAIChatKit extends ChatElement {
  protected override render(): unknown {
    return html`<slot></slot>`;
  }
}

define("openai-chatkit", OpenAIChatKit);
