import { css, html, nothing } from "lit";
import { ChatElement, define } from "../ui/element";

export type Feedback = "positive" | "negative";

/** Copying takes a moment and may fail: whoever does it says so by `until`, and the user is told how it went. */
export interface CopyAsked {
  readonly until: (copied: Promise<unknown>) => void;
}

/** How long it says that something was copied, in ms. */
const TOLD_FOR = 2000;

/** `<ck-answer-actions ?feedback ?retry .given>`: what can be done with an answer. */
export class AnswerActions extends ChatElement {
  static override properties = {
    feedback: { type: Boolean },
    retry: { type: Boolean },
    given: { attribute: false },
    disabled: { type: Boolean },
    outcome: { state: true },
  };
  static override styles = css`
    :host {
      display: block;
    }
    .actions {
      display: flex;
      gap: calc(0.5 * var(--ck-space));
      margin-inline-start: calc(-1.5 * var(--ck-space));
    }
    .failed {
      align-self: center;
      color: var(--ck-danger);
      font-size: 0.87em;
    }
    .icon-button[aria-pressed="true"] {
      color: var(--ck-text);
    }
  `;

  declare feedback: boolean;
  declare retry: boolean;
  /** The feedback that was given before. */
  declare given: Feedback | null;
  declare disabled: boolean;
  /** Of the copying that was just tried. */
  declare private outcome: "copied" | "failed" | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.feedback = false;
    this.retry = false;
    this.given = null;
    this.disabled = false;
    this.outcome = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.outcome = null;
  }

  protected override render() {
    const copy = this.t(this.outcome === "copied" ? "answer.copied" : "answer.copy");
    return html`<div class="actions" part="answer-actions" role="group" aria-label=${this.t("answer.actions")}>
      <button type="button" class="icon-button" part="action" aria-label=${copy} title=${copy} @click=${this.copy}>
        <ck-icon .name=${this.outcome === "copied" ? "check" : "copy"}></ck-icon>
      </button>
      ${this.feedback ? [this.renderThumb("positive"), this.renderThumb("negative")] : nothing}
      ${this.retry ? this.renderRetry() : nothing}
      ${this.outcome === "failed" ? html`<span class="failed" role="alert">${this.t("markdown.failed")}</span>` : nothing}
      <span class="sr-only" role="status">${this.outcome === "copied" ? copy : ""}</span>
    </div>`;
  }

  private renderThumb(kind: Feedback) {
    const isGiven = this.given === kind;
    const label = this.t(kind === "positive" ? "answer.good" : "answer.bad");
    const icon = `${kind === "positive" ? "thumbs-up" : "thumbs-down"}${isGiven ? "-filled" : ""}`;
    return html`<button
      type="button"
      class="icon-button"
      part="action"
      aria-label=${label}
      title=${label}
      aria-pressed=${isGiven ? "true" : "false"}
      @click=${() => isGiven || this.emit("ck-feedback", { kind })}
    >
      <ck-icon .name=${icon}></ck-icon>
    </button>`;
  }

  private renderRetry() {
    const label = this.t("answer.retry");
    return html`<button
      type="button"
      class="icon-button"
      part="action"
      aria-label=${label}
      title=${label}
      ?disabled=${this.disabled}
      @click=${() => this.emit("ck-retry")}
    >
      <ck-icon name="reload"></ck-icon>
    </button>`;
  }

  private async copy(): Promise<void> {
    let copied: Promise<unknown> = Promise.resolve();
    this.emit<CopyAsked>("ck-copy", { until: (promise) => (copied = promise) });
    this.outcome = await copied.then(
      () => "copied" as const,
      () => "failed" as const,
    );
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.outcome = null), TOLD_FOR);
  }
}

define("ck-answer-actions", AnswerActions);

declare global {
  interface HTMLElementTagNameMap {
    "ck-answer-actions": AnswerActions;
  }
}
