import type { StartScreenOption, StartScreenPrompt } from "@openai/chatkit";
import { css, html, nothing, type TemplateResult } from "lit";
import { ChatElement, define } from "../ui/element";

/** What is seen before the first message: a greeting, and prompts to begin with (`ck-prompt`). */
export class Start extends ChatElement {
  static override properties = { options: { attribute: false } };
  declare options: StartScreenOption;

  constructor() {
    super();
    this.options = {};
  }

  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      gap: calc(6 * var(--ck-space));
      justify-content: center;
      margin-inline: auto;
      max-inline-size: 44rem;
      inline-size: 100%;
      padding: calc(4 * var(--ck-space));
    }
    h2 {
      font-size: 1.625em;
      font-weight: 600;
      letter-spacing: -0.015em;
      line-height: 1.25;
      margin: 0;
      text-align: center;
      text-wrap: balance;
    }
    ul {
      display: grid;
      gap: calc(2 * var(--ck-space));
      grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr));
      list-style: none;
      padding: 0;
    }
    button {
      align-items: center;
      background: var(--ck-surface);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-lg);
      display: flex;
      gap: calc(2.5 * var(--ck-space));
      inline-size: 100%;
      min-block-size: 3rem;
      padding: calc(2.5 * var(--ck-space)) calc(3.5 * var(--ck-space));
      text-align: start;
    }
    button:hover {
      background: var(--ck-hover);
    }
    ck-icon {
      color: var(--ck-text-secondary);
      flex: none;
    }
  `;

  override render(): TemplateResult {
    const prompts = this.options.prompts ?? [];
    return html`
      <h2 part="greeting" dir="auto">${this.options.greeting ?? this.t("chat.greeting")}</h2>
      ${prompts.length ? html`<ul part="prompts">${prompts.map((prompt) => this.#prompt(prompt))}</ul>` : nothing}
    `;
  }

  #prompt(prompt: StartScreenPrompt): TemplateResult {
    return html`<li>
      <button type="button" part="prompt" dir="auto" @click=${() => this.emit("ck-prompt", prompt)}>
        ${prompt.icon ? html`<ck-icon name=${prompt.icon}></ck-icon>` : nothing}<span>${prompt.label}</span>
      </button>
    </li>`;
  }
}

define("ck-start", Start);
