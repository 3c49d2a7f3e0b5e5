import { css, html, nothing } from "lit";
import type { Texts } from "../locale/texts";
import type { Answered, Question } from "../protocol";
import { SKIPPED, chosen, isAnswered, optionsOf } from "./answers";
import { text, texts as textsOf } from "./read";

/** One question of a form as it is being filled in. */
export interface Asked {
  readonly question: Question;
  readonly draft: Answered;
  /** Unique in the form; radio buttons and labels are tied by it. */
  readonly name: string;
  /** For those who cannot see the rest: "2 of 5". */
  readonly place: string;
  readonly canSkip: boolean;
  readonly isDisabled: boolean;
  readonly texts: Texts;
  readonly change: (draft: Answered) => void;
}

export function renderQuestion(asked: Asked) {
  const { question, draft, place, name, canSkip, isDisabled } = asked;
  return html`<fieldset part="question" ?disabled=${isDisabled} aria-describedby="${name}-hint">
    <legend><span class="sr-only">${place} </span><bdi>${text(question.question)}</bdi></legend>
    ${renderHint(asked)} ${draft.skipped ? nothing : renderFields(asked)} ${canSkip ? renderSkip(asked) : nothing}
  </fieldset>`;
}

function renderHint({ question, name, texts }: Asked) {
  const several = question.type === "multiple_choice" && question.multiple === true ? texts.t("questions.several") : "";
  const hint = text(question.description) || several;
  return html`<p class="hint" id="${name}-hint" dir="auto" ?hidden=${hint === ""}>${hint}</p>`;
}

function renderFields(asked: Asked) {
  return asked.question.type === "multiple_choice" ? renderOptions(asked) : renderText(asked);
}

function renderOptions({ question, draft, name, change }: Asked) {
  const type = question.multiple === true ? "checkbox" : "radio";
  const choose = (event: Event) => {
    const { value, checked } = event.target as HTMLInputElement;
    change(chosen(question, draft, value, checked));
  };
  return html`<div class="options" @change=${choose}>
    ${optionsOf(question).map(
      (value) => html`<label class="option" part="option">
        <input type=${type} name=${name} .value=${value} .checked=${draft.values.includes(value)} />
        <span dir="auto">${value}</span>
      </label>`,
    )}
  </div>`;
}

function renderText({ question, draft, texts, change }: Asked) {
  const write = (event: Event) => change({ values: [(event.target as HTMLTextAreaElement).value], skipped: false });
  const written = draft.values[0] ?? "";
  return html`<textarea
    rows="2"
    dir=${written === "" ? texts.direction : "auto"}
    aria-label=${text(question.question)}
    placeholder=${texts.t("questions.answer")}
    .value=${written}
    @input=${write}
  ></textarea>`;
}

function renderSkip({ draft, texts, change }: Asked) {
  const { skipped } = draft;
  const toggle = () => change(skipped ? { values: [], skipped: false } : SKIPPED);
  return html`<div class="skip">
    ${skipped ? html`<span>${texts.t("questions.skipped")}</span>` : nothing}
    <button type="button" class="quiet" @click=${toggle}>${texts.t(skipped ? "questions.unskip" : "questions.skipOne")}</button>
  </div>`;
}

/** A question that has been answered, or skipped. */
export function renderAnswer(question: Question, texts: Texts) {
  const { answer } = question;
  return html`<div class="answered">
    <dt dir="auto">${text(question.question)}</dt>
    ${isAnswered(answer)
      ? textsOf(answer.values).map((value) => html`<dd dir="auto">${value}</dd>`)
      : html`<dd class="none">${texts.t("questions.skipped")}</dd>`}
  </div>`;
}

export const questionStyles = css`
  fieldset {
    border: 0;
    margin: 0;
    min-inline-size: 0;
    padding: 0;
  }
  legend {
    font-weight: 600;
    overflow-wrap: anywhere;
    padding: 0;
  }
  .hint {
    color: var(--ck-text-secondary);
    font-size: 0.9em;
  }
  .options {
    display: grid;
    gap: calc(1.5 * var(--ck-space));
    margin-block-start: calc(2 * var(--ck-space));
  }
  .option {
    align-items: baseline;
    border: 1px solid var(--ck-border);
    border-radius: var(--ck-radius-md);
    cursor: pointer;
    display: grid;
    gap: calc(2.5 * var(--ck-space));
    grid-template-columns: auto minmax(0, 1fr);
    overflow-wrap: anywhere;
    padding: calc(2 * var(--ck-space)) calc(3 * var(--ck-space));
  }
  .option:hover {
    background: var(--ck-hover);
  }
  .option:has(:checked) {
    border-color: var(--ck-accent);
    box-shadow: inset 0 0 0 1px var(--ck-accent);
  }
  .option:has(:focus-visible) {
    outline: 2px solid var(--ck-focus);
    outline-offset: 2px;
  }
  .option input {
    accent-color: var(--ck-accent);
    block-size: 1rem;
    inline-size: 1rem;
    outline: none;
    translate: 0 0.15rem;
  }
  fieldset:disabled .option {
    cursor: default;
  }
  textarea {
    background: var(--ck-surface);
    border: 1px solid var(--ck-border-field);
    border-radius: var(--ck-radius-md);
    display: block;
    field-sizing: content;
    inline-size: 100%;
    margin-block-start: calc(2 * var(--ck-space));
    max-block-size: 12rem;
    min-block-size: 4rem;
    padding: calc(2 * var(--ck-space)) calc(3 * var(--ck-space));
    resize: vertical;
  }
  textarea::placeholder {
    color: var(--ck-text-tertiary);
  }
  .skip {
    align-items: center;
    color: var(--ck-text-secondary);
    display: flex;
    font-size: 0.9em;
    gap: calc(2 * var(--ck-space));
    margin-block-start: calc(1 * var(--ck-space));
  }
  .quiet {
    background: none;
    border: 0;
    border-radius: var(--ck-radius-sm);
    color: var(--ck-text-secondary);
    min-block-size: 1.75rem;
    padding: 0;
    text-decoration: underline;
    text-decoration-color: var(--ck-border-strong);
    text-underline-offset: 0.2em;
  }
  .quiet:hover {
    color: var(--ck-text);
    text-decoration-color: currentColor;
  }
  dl {
    display: grid;
    gap: calc(3 * var(--ck-space));
    margin: 0;
  }
  dt {
    color: var(--ck-text-secondary);
    font-size: 0.93em;
    overflow-wrap: anywhere;
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  dd.none {
    color: var(--ck-text-tertiary);
    font-style: italic;
  }
`;
