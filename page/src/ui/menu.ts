import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ChatElement, define } from "./element";
import { placed } from "./placed";

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon?: string | undefined;
  /** Given for entries of which one, or several, can be on. */
  readonly isChecked?: boolean;
  readonly isDisabled?: boolean;
  readonly isDanger?: boolean;
}

/**
 * A button with a menu (WAI-ARIA APG, menu button). The button shows what is in the slot; a choice fires `ck-choose`
 * with the entry's id.
 */
export class Menu extends ChatElement {
  static override properties = { label: {}, entries: { attribute: false }, isOpen: { state: true }, look: {} };
  declare label: string;
  declare entries: readonly MenuEntry[];
  declare isOpen: boolean;
  /** `icon`: a small square button; `pill`: one with words in it. */
  declare look: "icon" | "pill";

  constructor() {
    super();
    this.label = "";
    this.entries = [];
    this.isOpen = false;
    this.look = "icon";
  }

  static override styles = css`
    :host {
      display: inline-flex;
    }
    .pill {
      align-items: center;
      background: none;
      border: 0;
      border-radius: var(--ck-radius-full);
      color: var(--ck-text-secondary);
      display: inline-flex;
      font-size: 0.875em;
      gap: var(--ck-space);
      min-block-size: 2rem;
      padding-inline: calc(2.5 * var(--ck-space));
    }
    .pill:hover {
      background: var(--ck-hover);
      color: var(--ck-text);
    }
    .menu {
      background: var(--ck-surface-raised);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-md);
      box-shadow: var(--ck-shadow);
      color: var(--ck-text);
      inset: auto;
      margin: 0;
      max-block-size: min(24rem, 80vh);
      max-inline-size: min(20rem, calc(100vw - 1rem));
      min-inline-size: 11rem;
      overflow: auto;
      padding: var(--ck-space);
      position: fixed;
    }
    .entry {
      align-items: center;
      background: none;
      border: 0;
      border-radius: var(--ck-radius-sm);
      display: flex;
      gap: calc(2 * var(--ck-space));
      inline-size: 100%;
      min-block-size: 2.25rem;
      padding: calc(1.25 * var(--ck-space)) calc(2 * var(--ck-space));
      text-align: start;
    }
    .entry:hover:not(:disabled),
    .entry:focus-visible {
      background: var(--ck-hover);
    }
    .entry.danger {
      color: var(--ck-danger);
    }
    .words {
      flex: 1;
      min-inline-size: 0;
    }
    .description {
      color: var(--ck-text-secondary);
      display: block;
      font-size: 0.8125em;
    }
    .check {
      inline-size: 1em;
    }
  `;

  override render(): TemplateResult {
    return html`
      <button
        type="button"
        class=${this.look === "pill" ? "pill" : "icon-button"}
        part="menu-button"
        aria-label=${this.look === "icon" ? this.label : nothing}
        title=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.isOpen ? "true" : "false"}
        @click=${this.#toggle}
        @keydown=${this.#openByKey}
      >
        <slot></slot>
      </button>
      <div
        class="menu"
        part="menu"
        role="menu"
        popover="auto"
        aria-label=${this.label}
        @toggle=${this.#toggled}
        @keydown=${this.#move}
      >
        ${this.isOpen ? this.entries.map((entry) => this.#entry(entry)) : nothing}
      </div>
    `;
  }

  protected override updated(changes: PropertyValues): void {
    if (!changes.has("isOpen") || !this.isOpen) return;
    placed(this.#menu, this.#button);
    this.#buttons[0]?.focus();
  }

  #entry(entry: MenuEntry): TemplateResult {
    const isChoice = entry.isChecked !== undefined;
    return html`<button
      type="button"
      tabindex="-1"
      class=${entry.isDanger ? "entry danger" : "entry"}
      role=${isChoice ? "menuitemradio" : "menuitem"}
      aria-checked=${isChoice ? String(entry.isChecked) : nothing}
      ?disabled=${entry.isDisabled}
      @click=${() => this.#choose(entry.id)}
    >
      ${entry.icon ? html`<ck-icon name=${entry.icon}></ck-icon>` : nothing}
      <span class="words">
        ${entry.label}
        ${entry.description ? html`<span class="description">${entry.description}</span>` : nothing}
      </span>
      ${isChoice ? html`<span class="check">${entry.isChecked ? html`<ck-icon name="check"></ck-icon>` : nothing}</span>` : nothing}
    </button>`;
  }

  get #menu(): HTMLElement {
    return this.renderRoot.querySelector(".menu") as HTMLElement;
  }

  get #button(): HTMLElement {
    return this.renderRoot.querySelector("button") as HTMLElement;
  }

  get #buttons(): HTMLElement[] {
    return [...this.#menu.querySelectorAll<HTMLElement>(".entry:not(:disabled)")];
  }

  #toggle(): void {
    this.#menu.togglePopover();
  }

  #openByKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    this.#menu.showPopover();
  }

  #toggled(event: ToggleEvent): void {
    this.isOpen = event.newState === "open";
    if (!this.isOpen && this.renderRoot instanceof ShadowRoot && this.renderRoot.activeElement) this.#button.focus();
  }

  #choose(id: string): void {
    this.#menu.hidePopover();
    this.#button.focus();
    this.emit("ck-choose", id);
  }

  #move(event: KeyboardEvent): void {
    const buttons = this.#buttons;
    const current = buttons.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    const place = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Tab") this.#menu.hidePopover();
    if (place === undefined) return;
    event.preventDefault();
    buttons[(place + buttons.length) % buttons.length]?.focus();
  }
}

define("ck-menu", Menu);
