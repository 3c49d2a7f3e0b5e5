import { css, html, nothing, type PropertyValues } from "lit";
import { ChatElement, define } from "../ui/element";
import { copy } from "./clipboard";
import { highlighted } from "./highlighted";
import { highlighter, languageOf } from "./languages";

const LONGEST = 100_000;
const LONGEST_GROWING = 20_000;
const PAUSE = 250;
const TOLD_FOR = 2000;

/** A block of code: its language, a button that copies it, and colours as soon as there is time for them. */
export class CodeBlock extends ChatElement {
  static override properties = {
    text: { attribute: false },
    language: { attribute: false },
    growing: { type: Boolean },
    outcome: { state: true },
  };
  declare text: string;
  declare language: string;
  declare growing: boolean;
  declare outcome: "" | "copied" | "failed";
  /** The beginning of the text that has its colours, and as what. */
  #coloured: { text: string; language: string; nodes: DocumentFragment } | null = null;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;

  static override styles = css`
    :host {
      background: var(--ck-surface-sunken);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-lg);
      display: block;
      direction: ltr;
      overflow: hidden;
    }
    .head {
      align-items: center;
      color: var(--ck-text-secondary);
      display: flex;
      font-size: 0.8em;
      gap: calc(2 * var(--ck-space));
      justify-content: space-between;
      padding-block: calc(1 * var(--ck-space)) 0;
      padding-inline: calc(3.5 * var(--ck-space)) calc(1.5 * var(--ck-space));
    }
    .head button {
      background: none;
      border: 0;
      border-radius: var(--ck-radius-md);
      min-block-size: 28px;
      padding-inline: calc(2 * var(--ck-space));
    }
    .head button:hover {
      background: var(--ck-hover);
      color: var(--ck-text);
    }
    pre {
      font-family: var(--ck-font-mono);
      font-size: 0.875em;
      line-height: 1.55;
      margin: 0;
      overflow-x: auto;
      padding-block: calc(1.5 * var(--ck-space)) calc(3 * var(--ck-space));
      padding-inline: calc(3.5 * var(--ck-space));
      tab-size: 4;
      white-space: pre;
    }
    pre:focus-visible {
      outline-offset: -2px;
    }
    code {
      font: inherit;
    }
    .keyword {
      color: var(--ck-code-keyword);
    }
    .string {
      color: var(--ck-code-string);
    }
    .number {
      color: var(--ck-code-number);
    }
    .comment {
      color: var(--ck-code-comment);
      font-style: italic;
    }
    .name {
      color: var(--ck-code-name);
    }
    .added {
      color: var(--ck-success);
    }
    .removed {
      color: var(--ck-danger);
    }
    .strong {
      font-weight: 600;
    }
    .emphasis {
      font-style: italic;
    }
    @media print {
      .head button {
        display: none;
      }
      pre {
        white-space: pre-wrap;
      }
    }
  `;

  constructor() {
    super();
    this.text = "";
    this.language = "";
    this.growing = false;
    this.outcome = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#waiting);
    clearTimeout(this.#telling);
    this.#waiting = undefined;
  }

  protected override render(): unknown {
    const { written } = languageOf(this.language);
    const name = written || this.t("markdown.code");
    return html`<div class="head">
        <span part="code-language">${name}</span>
        <button type="button" part="code-copy" aria-label=${this.outcome === "" ? this.t("markdown.copyCode") : nothing} @click=${this.#copy}>${this.#buttonText()}</button>
        <span class="sr-only" role="status">${this.outcome === "" ? nothing : this.t(`markdown.${this.outcome}`)}</span>
      </div>
      <pre tabindex="0" role="group" aria-label=${name}><code>${this.#content()}</code></pre>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("text") || changed.has("language") || changed.has("growing")) this.#plan();
  }

  #buttonText(): string {
    return this.t(this.outcome === "" ? "markdown.copy" : `markdown.${this.outcome}`);
  }

  /** What is coloured, and behind it what has arrived since. */
  #content(): unknown {
    const { written } = languageOf(this.language);
    const done = this.#coloured;
    if (done === null || done.language !== written || !this.text.startsWith(done.text)) return this.text;
    return html`${done.nodes}${this.text.slice(done.text.length)}`;
  }

  /** Colours cost time: while the text grows, they come now and then and for whole lines. */
  #plan(): void {
    const { name } = languageOf(this.language);
    if (name === null || this.text === "" || this.text.length > (this.growing ? LONGEST_GROWING : LONGEST)) return;
    if (!this.growing) clearTimeout(this.#waiting);
    else if (this.#waiting !== undefined) return;
    this.#waiting = setTimeout(() => void this.#colour(name).catch(() => undefined), this.growing ? PAUSE : 0);
  }

  async #colour(name: string): Promise<void> {
    const hljs = await highlighter(name);
    await free();
    this.#waiting = undefined;
    const { written } = languageOf(this.language);
    const text = this.growing ? this.text.slice(0, this.text.lastIndexOf("\n") + 1) : this.text;
    if (!this.isConnected || text === "" || (this.#coloured?.text === text && this.#coloured.language === written)) return;
    const { value } = hljs.highlight(text, { language: name, ignoreIllegals: true });
    this.#coloured = { text, language: written, nodes: highlighted(value) };
    this.requestUpdate();
  }

  readonly #copy = async (): Promise<void> => {
    this.outcome = (await copy(this.text)) ? "copied" : "failed";
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => (this.outcome = ""), TOLD_FOR);
  };
}

/** When the browser has nothing more urgent to do. */
function free(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve);
  });
}

define("ck-code-block", CodeBlock);
