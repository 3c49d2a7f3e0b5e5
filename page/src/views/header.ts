import type { HeaderOption } from "@openai/chatkit";
import { css, html, nothing, type TemplateResult } from "lit";
import { ChatElement, define } from "../ui/element";

/** The bar above the thread: its title, the way to other threads and to a new one, and the page's own two buttons. */
export class Header extends ChatElement {
  static override properties = {
    threadTitle: {},
    options: { attribute: false },
    hasHistory: { type: Boolean },
    isHistoryOpen: { type: Boolean },
    canBegin: { type: Boolean },
  };
  declare threadTitle: string | null;
  declare options: HeaderOption;
  declare hasHistory: boolean;
  declare isHistoryOpen: boolean;
  declare canBegin: boolean;

  constructor() {
    super();
    this.threadTitle = null;
    this.options = {};
    this.hasHistory = false;
    this.isHistoryOpen = false;
    this.canBegin = false;
  }

  static override styles = css`
    header {
      align-items: center;
      display: flex;
      gap: var(--ck-space);
      min-block-size: 3.25rem;
      padding-inline: calc(2.5 * var(--ck-space));
    }
    .gap {
      flex: 1;
    }
    h2 {
      flex: 1;
      font-size: 1em;
      font-weight: 600;
      margin: 0;
      min-inline-size: 0;
      overflow: hidden;
      padding-inline: calc(1.5 * var(--ck-space));
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `;

  override render(): TemplateResult {
    const { leftAction, rightAction, title } = this.options;
    const text = title?.text ?? this.threadTitle ?? "";
    return html`<header part="header">
      ${this.#action(leftAction)}
      ${title?.enabled === false || !text ? html`<span class="gap"></span>` : html`<h2 part="title" dir="auto">${text}</h2>`}
      ${this.canBegin ? this.#button("compose", "chat.newThread", "ck-new") : nothing}
      ${this.hasHistory ? this.#history() : nothing} ${this.#action(rightAction)}
    </header>`;
  }

  #history(): TemplateResult {
    const label = this.t(this.isHistoryOpen ? "history.hide" : "history.show");
    return html`<button
      class="icon-button"
      part="history-button"
      type="button"
      title=${label}
      aria-label=${label}
      aria-expanded=${this.isHistoryOpen ? "true" : "false"}
      @click=${() => this.emit("ck-history")}
    >
      <ck-icon name="history"></ck-icon>
    </button>`;
  }

  #button(icon: string, label: "chat.newThread", event: string): TemplateResult {
    const text = this.t(label);
    return html`<button
      class="icon-button"
      part="new-button"
      type="button"
      title=${text}
      aria-label=${text}
      @click=${() => this.emit(event)}
    >
      <ck-icon name=${icon}></ck-icon>
    </button>`;
  }

  /** The page's own button has no words, so its icon's name is all that can be read out. */
  #action(action: HeaderOption["leftAction"]): TemplateResult | typeof nothing {
    if (!action) return nothing;
    const label = action.icon.replaceAll("-", " ");
    return html`<button class="icon-button" type="button" aria-label=${label} title=${label} @click=${() => action.onClick()}>
      <ck-icon name=${action.icon}></ck-icon>
    </button>`;
  }
}

define("ck-header", Header);
