import { css, html, nothing, type PropertyValues } from "lit";
import { ChatElement, define } from "../ui/element";
import { placeNear } from "./place";
import { isInside, rootsAround, selected, type Selected } from "./selection";

/** What `ck-quote` says. */
export interface Quoted {
  readonly text: string;
}

/** While the user is still selecting, the button would be in the way. In ms. */
const SETTLED_AFTER = 200;

/** `<ck-selection-quote>` around an answer: a button to reply to what is selected in it. */
export class SelectionQuote extends ChatElement {
  static override properties = { selected: { state: true } };
  static override styles = css`
    :host {
      display: block;
    }
    .reply {
      background: var(--ck-surface-raised);
      border: 1px solid var(--ck-border-strong);
      border-radius: var(--ck-radius-full);
      box-shadow: var(--ck-shadow);
      color: var(--ck-text);
      font-size: 0.93em;
      inset: auto;
      margin: 0;
      min-block-size: 2rem;
      padding-inline: calc(3 * var(--ck-space));
      position: fixed;
      white-space: nowrap;
    }
    .reply:popover-open {
      display: inline-flex;
    }
  `;

  declare private selected: Selected | null;
  /** Ends the listening for what moves the text away. */
  #still = new AbortController();

  constructor() {
    super();
    this.selected = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    watch(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    unwatch(this);
    this.#still.abort();
    this.selected = null;
  }

  /** What is selected now, in this answer or anywhere else. */
  see(now: Selected | null): void {
    const isHere = now !== null && isInside(this, now.start) && isInside(this, now.end);
    if (isHere || this.selected !== null) this.selected = isHere ? now : null;
  }

  protected override render() {
    if (this.selected === null) return html`<slot></slot>`;
    // the press would take the selection away before the click comes
    const keepSelection = (event: Event) => event.preventDefault();
    return html`<slot></slot>
      <button type="button" class="button reply" part="quote" popover="manual" @pointerdown=${keepSelection} @mousedown=${keepSelection} @click=${this.quote}>
        <ck-icon name="reply"></ck-icon>${this.t("answer.quote")}
      </button>`;
  }

  protected override updated(changed: PropertyValues): void {
    const button = this.renderRoot.querySelector<HTMLElement>(".reply");
    if (!changed.has("selected")) return;
    this.#still.abort();
    if (button === null || this.selected === null) return;
    button.showPopover?.();
    placeNear(button, this.selected.place, "above");
    this.hearMoves(this.selected.start);
  }

  /** Nobody outside of a shadow root hears that something in it scrolls. */
  private hearMoves(text: Node): void {
    this.#still = new AbortController();
    const options = { capture: true, passive: true, signal: this.#still.signal };
    for (const around of [document, ...rootsAround(text)]) around.addEventListener("scroll", moved, options);
    window.addEventListener("resize", moved, options);
  }

  private quote(): void {
    const { selected: quoted } = this;
    this.selected = null;
    document.getSelection()?.removeAllRanges();
    if (quoted !== null) this.emit<Quoted>("ck-quote", { text: quoted.text });
  }
}

/* One listener for all answers: a thread has hundreds of them, and a selection changes with every pixel. */

const answers = new Set<SelectionQuote>();
let timer: ReturnType<typeof setTimeout> | undefined;

function watch(answer: SelectionQuote): void {
  answers.add(answer);
  if (answers.size > 1) return;
  document.addEventListener("selectionchange", later);
  document.addEventListener("keydown", dismiss, true);
}

function unwatch(answer: SelectionQuote): void {
  answers.delete(answer);
  if (answers.size > 0) return;
  clearTimeout(timer);
  document.removeEventListener("selectionchange", later);
  document.removeEventListener("keydown", dismiss, true);
}

function later(): void {
  clearTimeout(timer);
  timer = setTimeout(look, SETTLED_AFTER);
}

/** The button goes while the text moves, and comes back where the text has stopped. */
function moved(): void {
  tell(null);
  later();
}

function look(): void {
  const roots = new Set([...answers].flatMap(rootsAround));
  tell(selected([...roots]));
}

function dismiss(event: KeyboardEvent): void {
  if (event.key === "Escape") tell(null);
}

function tell(now: Selected | null): void {
  for (const answer of answers) answer.see(now);
}

define("ck-selection-quote", SelectionQuote);

declare global {
  interface HTMLElementTagNameMap {
    "ck-selection-quote": SelectionQuote;
  }
}
