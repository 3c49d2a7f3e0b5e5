import { css, html, nothing, type PropertyValues } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { Answered, Question, StructuredInputItem, Submission } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { ALL_SKIPPED, BLANK, questionsOf, submissionOf, type Drafts } from "./answers";
import { questionStyles, renderAnswer, renderQuestion } from "./question";

/** What `ck-answer` says. */
export interface FormAnswered {
  readonly itemId: string;
  readonly submission: Submission;
}

/** Up to so many questions stand below each other; more are asked one after the other. */
const TOGETHER = 3;

/** `<ck-structured-input .item ?disabled>`: questions of the assistant, and later the answers. */
export class StructuredInputElement extends ChatElement {
  static override properties = {
    item: { attribute: false },
    disabled: { type: Boolean },
    drafts: { state: true },
    step: { state: true },
  };
  static override styles = [
    questionStyles,
    css`
      :host {
        display: block;
      }
      .card {
        background: var(--ck-surface-raised);
        border: 1px solid var(--ck-border);
        border-radius: var(--ck-radius-lg);
        display: grid;
        gap: calc(5 * var(--ck-space));
        max-inline-size: 36rem;
        padding: calc(4 * var(--ck-space));
      }
      .place {
        align-items: center;
        color: var(--ck-text-secondary);
        display: flex;
        font-size: 0.87em;
        gap: calc(3 * var(--ck-space));
        margin-block-end: calc(-2 * var(--ck-space));
      }
      .steps {
        display: flex;
        flex: 1;
        gap: calc(1 * var(--ck-space));
      }
      .steps span {
        background: var(--ck-border-strong);
        block-size: 3px;
        border-radius: var(--ck-radius-full);
        flex: 1;
      }
      .steps .past {
        background: var(--ck-accent);
      }
      .buttons {
        align-items: center;
        display: flex;
        flex-wrap: wrap;
        gap: calc(2 * var(--ck-space));
        justify-content: flex-end;
      }
      .buttons .quiet {
        margin-inline-end: auto;
      }
    `,
  ];

  declare item: StructuredInputItem | null;
  declare disabled: boolean;
  declare private drafts: Drafts;
  declare private step: number;

  constructor() {
    super();
    this.item = null;
    this.disabled = false;
    this.drafts = new Map();
    this.step = 0;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get("item") as StructuredInputItem | null | undefined;
    if (!before || before.id === this.item?.id) return;
    this.drafts = new Map();
    this.step = 0;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.get("step") === undefined || !this.isStepped) return;
    const first = this.renderRoot.querySelector<HTMLElement>("fieldset :is(input:checked, textarea, input, button)");
    first?.focus();
  }

  protected override render() {
    const questions = this.questions;
    if (questions.length === 0) return nothing;
    return this.item?.status === "pending" ? this.renderForm(questions) : this.renderAnswers(questions);
  }

  private get questions(): readonly Question[] {
    return questionsOf(this.item?.inputs);
  }

  private get isStepped(): boolean {
    return this.questions.length > TOGETHER;
  }

  private renderForm(questions: readonly Question[]) {
    const last = questions.length - 1;
    const step = Math.min(this.step, last);
    const places = this.isStepped ? [step] : questions.keys();
    return html`<form class="card" part="form" @submit=${this.goOn} @keydown=${this.sendByKey}>
      ${this.isStepped ? this.renderPlace(step, questions.length) : nothing}
      ${Array.from(places, (place) => this.renderQuestion(questions, place))}
      <div class="buttons">
        <button type="button" class="quiet" ?disabled=${this.disabled} @click=${this.skipAll}>
          ${this.t(last === 0 ? "questions.skip" : "questions.skipAll")}
        </button>
        ${this.isStepped && step > 0 ? this.renderBack() : nothing} ${this.renderSend(this.isStepped && step < last, last)}
      </div>
    </form>`;
  }

  private renderPlace(step: number, count: number) {
    const bars = Array.from({ length: count }, (_, index) => html`<span class=${index <= step ? "past" : ""}></span>`);
    return html`<div class="place" aria-hidden="true">
      <span>${this.placeText(step, count)}</span><span class="steps">${bars}</span>
    </div>`;
  }

  private renderQuestion(questions: readonly Question[], place: number) {
    const question = questions[place];
    if (question === undefined) return nothing;
    const drawn = renderQuestion({
      question,
      draft: this.drafts.get(question.id) ?? BLANK,
      name: `question-${place}`,
      place: questions.length > 1 ? this.placeText(place, questions.length) : "",
      canSkip: questions.length > 1,
      isDisabled: this.disabled,
      texts: this.texts,
      change: (draft) => this.keep(question, draft),
    });
    // the fields of another question are other fields: what one is typing into must not become the next
    return keyed(question.id, drawn);
  }

  private renderBack() {
    return html`<button type="button" class="button" @click=${() => (this.step -= 1)}>${this.t("questions.back")}</button>`;
  }

  private renderSend(goesOn: boolean, last: number) {
    const key = goesOn ? "questions.next" : last === 0 ? "questions.sendOne" : "questions.send";
    return html`<button type="submit" class="button primary" ?disabled=${this.disabled}>${this.t(key)}</button>`;
  }

  private renderAnswers(questions: readonly Question[]) {
    return html`<dl class="card" part="answers">${questions.map((question) => renderAnswer(question, this.texts))}</dl>`;
  }

  private placeText(place: number, count: number): string {
    return this.t("questions.place", { number: this.texts.number(place + 1), count: this.texts.number(count) });
  }

  private keep(question: Question, draft: Answered): void {
    const isSkip = draft.skipped && this.drafts.get(question.id)?.skipped !== true;
    this.drafts = new Map(this.drafts).set(question.id, draft);
    if (isSkip && this.isStepped && this.step < this.questions.length - 1) this.step += 1;
  }

  private goOn(event: Event): void {
    event.preventDefault();
    if (this.disabled) return;
    if (this.isStepped && this.step < this.questions.length - 1) this.step += 1;
    else this.send(submissionOf(this.questions, this.drafts));
  }

  /** In a text of several lines Enter is a new line. */
  private sendByKey(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.goOn(event);
  }

  private skipAll(): void {
    this.send(ALL_SKIPPED);
  }

  private send(submission: Submission): void {
    this.emit<FormAnswered>("ck-answer", { itemId: this.item?.id ?? "", submission });
  }
}

define("ck-structured-input", StructuredInputElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-structured-input": StructuredInputElement;
  }
}
