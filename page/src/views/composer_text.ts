import type { Entity } from "@openai/chatkit";
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { isMentioned, mentionAt, stretches, type Mention } from "../chat/mentions";
import type { Suggestion } from "../chat/suggest";
import { ChatElement, define } from "../ui/element";

/** Looks for what fits the words behind a mark. */
export type Suggest = (mark: "@" | "/", query: string) => Promise<readonly Suggestion[]>;

/**
 * The box to write in: grows with its text, colours mentions, suggests what can be mentioned. Fires `ck-input`,
 * `ck-submit` for Enter and `ck-files` for files that are pasted.
 */
export class ComposerText extends ChatElement {
  static override properties = {
    value: {},
    placeholder: {},
    isDisabled: { type: Boolean },
    entities: { attribute: false },
    suggest: { attribute: false },
    suggestions: { state: true },
    active: { state: true },
  };
  declare value: string;
  declare placeholder: string;
  declare isDisabled: boolean;
  /** What is mentioned in the text. */
  declare entities: readonly Entity[];
  declare suggest: Suggest | null;
  declare suggestions: readonly Suggestion[];
  declare active: number;
  #mention: Mention | null = null;
  #asked = 0;

  constructor() {
    super();
    this.value = "";
    this.placeholder = "";
    this.isDisabled = false;
    this.entities = [];
    this.suggest = null;
    this.suggestions = [];
    this.active = 0;
  }

  static override styles = css`
    :host {
      display: block;
      min-inline-size: 0;
      position: relative;
    }
    .box {
      display: grid;
      max-block-size: min(16rem, 40vh);
      overflow-y: auto;
    }
    textarea,
    .mirror {
      border: 0;
      font: inherit;
      grid-area: 1 / 1;
      letter-spacing: inherit;
      min-block-size: 1.5em;
      overflow: hidden;
      overflow-wrap: anywhere;
      padding: 0;
      white-space: pre-wrap;
    }
    textarea {
      background: none;
      caret-color: var(--ck-text);
      color: var(--ck-text);
      outline: none;
      resize: none;
    }
    textarea::placeholder {
      color: var(--ck-text-tertiary);
      opacity: 1;
    }
    .mirror {
      color: transparent;
      pointer-events: none;
    }
    .mirror mark {
      background: var(--ck-info-soft);
      border-radius: var(--ck-radius-sm);
      box-shadow: 0 0 0 2px var(--ck-info-soft);
      color: transparent;
    }
    .list {
      background: var(--ck-surface-raised);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-md);
      box-shadow: var(--ck-shadow);
      inset-block-end: calc(100% + 0.75rem);
      inset-inline-start: 0;
      list-style: none;
      margin: 0;
      max-block-size: 18rem;
      max-inline-size: 100%;
      min-inline-size: min(18rem, 100%);
      overflow: auto;
      padding: var(--ck-space);
      position: absolute;
      z-index: 3;
    }
    .option {
      align-items: center;
      border-radius: var(--ck-radius-sm);
      cursor: pointer;
      display: flex;
      gap: calc(2 * var(--ck-space));
      min-block-size: 2.25rem;
      padding: var(--ck-space) calc(2 * var(--ck-space));
    }
    .option[aria-selected="true"] {
      background: var(--ck-hover);
    }
    .option small {
      color: var(--ck-text-secondary);
      display: block;
      font-size: 0.8125em;
    }
    .group {
      color: var(--ck-text-secondary);
      font-size: 0.75em;
      font-weight: 600;
      padding: var(--ck-space) calc(2 * var(--ck-space));
    }
  `;

  get #textarea(): HTMLTextAreaElement {
    return this.renderRoot.querySelector("textarea") as HTMLTextAreaElement;
  }

  override focus(): void {
    this.#textarea?.focus();
  }

  /** Puts text where the caret is, in place of the mention that is being typed. */
  insert(text: string): void {
    const area = this.#textarea;
    const { start, end } = this.#mention
      ? { start: this.#mention.start, end: area.selectionStart }
      : { start: area.selectionStart, end: area.selectionEnd };
    area.focus();
    area.setRangeText(text, start, end, "end");
    this.#closeSuggestions();
    this.#changed();
  }

  /** Begins a mention, as if its mark had been typed. */
  beginMention(): void {
    const area = this.#textarea;
    const before = area.value[area.selectionStart - 1];
    area.focus();
    area.setRangeText(before === undefined || /\s/.test(before) ? "@" : " @", area.selectionStart, area.selectionEnd, "end");
    this.#changed();
    void this.#look();
  }

  /** Offers these instead of what was offered. */
  show(suggestions: readonly Suggestion[]): void {
    this.suggestions = suggestions;
    this.active = 0;
  }

  override render(): TemplateResult {
    const isOpen = this.suggestions.length > 0;
    const direction = this.value === "" ? this.texts.direction : "auto"; // nothing is from left to right for "auto"
    return html`
      ${isOpen ? this.#list() : nothing}
      <div class="box">
        <div class="mirror" aria-hidden="true" dir="auto">${this.#mirror()}</div>
        <textarea
          part="input"
          rows="1"
          dir=${direction}
          enterkeyhint="send"
          autocomplete="off"
          aria-label=${this.t("composer.label")}
          aria-autocomplete=${this.suggest ? "list" : nothing}
          aria-controls=${isOpen ? "suggestions" : nothing}
          aria-activedescendant=${isOpen ? `suggestion-${this.active}` : nothing}
          placeholder=${this.placeholder}
          ?disabled=${this.isDisabled}
          .value=${this.value}
          @input=${this.#typed}
          @keydown=${this.#pressed}
          @click=${this.#look}
          @blur=${this.#closeSuggestions}
          @paste=${this.#pasted}
        ></textarea>
      </div>
    `;
  }

  protected override updated(changes: PropertyValues): void {
    if (changes.has("active")) this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  /** The same text behind the box: it gives the box its height, and mentions their ground. */
  #mirror(): unknown {
    const parts = this.entities.length ? stretches(this.value, this.entities) : [{ text: this.value, entity: null }];
    return [parts.map((part) => (part.entity ? html`<mark>${part.text}</mark>` : part.text)), "\n"];
  }

  #list(): TemplateResult {
    return html`<ul class="list" id="suggestions" role="listbox" part="suggestions" aria-label=${this.t("composer.suggestions")}>
      ${this.suggestions.map((suggestion, place) => this.#option(suggestion, place))}
    </ul>`;
  }

  #option(suggestion: Suggestion, place: number): TemplateResult {
    const isFirst = suggestion.group && suggestion.group !== this.suggestions[place - 1]?.group;
    return html`${isFirst ? html`<li class="group" role="presentation">${suggestion.group}</li>` : nothing}
      <li
        class="option"
        role="option"
        id="suggestion-${place}"
        aria-selected=${place === this.active ? "true" : "false"}
        @pointerdown=${(event: Event) => this.#choose(suggestion, event)}
        @pointerenter=${() => (this.active = place)}
      >
        ${suggestion.icon ? html`<ck-icon name=${suggestion.icon}></ck-icon>` : nothing}
        <span>${suggestion.label}${suggestion.description ? html`<small>${suggestion.description}</small>` : nothing}</span>
      </li>`;
  }

  #typed(): void {
    this.#changed();
    void this.#look();
  }

  #changed(): void {
    this.value = this.#textarea.value;
    this.emit("ck-input", this.value);
  }

  #pressed(event: KeyboardEvent): void {
    if (this.suggestions.length > 0 && this.#pressedInList(event)) return event.preventDefault();
    const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
    if (!isSend) return;
    event.preventDefault();
    this.emit("ck-submit");
  }

  #pressedInList(event: KeyboardEvent): boolean {
    const { length } = this.suggestions;
    const chosen = this.suggestions[this.active];
    if (event.isComposing) return false;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        this.active = (this.active + (event.key === "ArrowDown" ? 1 : length - 1)) % length;
        return true;
      case "Enter":
      case "Tab":
        if (chosen) this.#choose(chosen);
        return true;
      case "Escape":
        event.stopPropagation();
        this.#closeSuggestions();
        return true;
      default:
        return false;
    }
  }

  #choose(suggestion: Suggestion, event?: Event): void {
    event?.preventDefault(); // the box keeps the focus
    suggestion.choose();
  }

  /** Shows what fits the mention at the caret; answers that come late are not shown. */
  async #look(): Promise<void> {
    const { value, selectionStart } = this.#textarea;
    const mark = mentionAt(value, selectionStart, "@") ? "@" : "/";
    const mention = this.suggest ? mentionAt(value, selectionStart, mark) : null;
    this.#mention = mention && isMentioned(value, mention, this.entities) ? null : mention;
    const asked = ++this.#asked;
    if (!this.#mention || !this.suggest) return this.#closeSuggestions();
    const found = await this.suggest(mark, this.#mention.query).catch(() => []);
    if (asked !== this.#asked) return;
    this.show(found);
  }

  #closeSuggestions(): void {
    this.#asked += 1;
    this.#mention = null;
    if (this.suggestions.length) this.suggestions = [];
  }

  #pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.emit("ck-files", files);
  }
}

define("ck-composer-text", ComposerText);
