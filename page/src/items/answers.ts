import type { Answered, Question, Submission } from "../protocol";
import { objects, text, texts } from "./read";

/** What the user has filled in so far, by the questions' ids. Never changed in place. */
export type Drafts = ReadonlyMap<string, Answered>;

export const BLANK: Answered = { values: [], skipped: false };
export const SKIPPED: Answered = { values: [], skipped: true };
export const ALL_SKIPPED: Submission = { status: "skipped", answers: {} };

/** What is sent. Questions without an answer are skipped; the whole form is where none has one. */
export function submissionOf(questions: readonly Question[], drafts: Drafts): Submission {
  const answers = questions.map(({ id }) => [id, finished(drafts.get(id) ?? BLANK)] as const);
  if (answers.every(([, { skipped }]) => skipped)) return ALL_SKIPPED;
  return { status: "answered", answers: Object.fromEntries(answers) };
}

function finished(draft: Answered): Answered {
  const values = draft.values.map((value) => value.trim()).filter((value) => value !== "");
  return draft.skipped || values.length === 0 ? SKIPPED : { values, skipped: false };
}

/** The draft after the user has ticked an option, or taken the tick away; in the order of the options. */
export function chosen(question: Question, draft: Answered, value: string, isOn: boolean): Answered {
  if (question.multiple !== true) return { values: isOn ? [value] : [], skipped: false };
  const on = new Set(draft.values);
  if (isOn) on.add(value);
  else on.delete(value);
  return { values: optionsOf(question).filter((option) => on.has(option)), skipped: false };
}

/** The options by what they are called, each once. */
export function optionsOf(question: Question): readonly string[] {
  return [...new Set(texts(objects(question.options).map(({ value }) => value)))];
}

/** The questions that can be asked: those with an id and words. */
export function questionsOf(inputs: readonly Question[] | null | undefined): readonly Question[] {
  return objects(inputs).filter(({ id, question }) => text(id) !== "" && text(question) !== "");
}

export function isAnswered(answer: Answered | null | undefined): answer is Answered {
  return answer?.skipped !== true && texts(answer?.values).length > 0;
}
