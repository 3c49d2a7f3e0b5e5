// Draws structured input: a form while it is pending, questions with their answers afterwards.

import { button, el } from "./dom.js";

export function structuredInput(item, host) {
  return item.status === "pending" ? questionForm(item, host) : answeredList(item);
}

function questionForm(item, host) {
  const form = el(
    "form",
    { class: "card", onsubmit: (event) => submit(event, item, host) },
    item.inputs.map((input) =>
      input.type === "multiple_choice" ? choice(item, input) : freeform(item, input),
    ),
    el(
      "div",
      { class: "buttons" },
      button("Skip", () => host.answer(item.id, { status: "skipped", answers: {} })),
      el("button", { class: "button primary", type: "submit" }, "Submit"),
    ),
  );
  return form;
}

function submit(event, item, host) {
  event.preventDefault();
  const data = new FormData(event.target);
  const answers = item.inputs.map(({ id }) => [id, answerOf(data.getAll(id))]);
  host.answer(item.id, { status: "answered", answers: Object.fromEntries(answers) });
}

function answerOf(found) {
  const values = found.map((value) => value.trim()).filter(Boolean);
  return { values, skipped: values.length === 0 };
}

function choice(item, input) {
  const type = input.multiple ? "checkbox" : "radio";
  const options = input.options.map(({ value }) =>
    el("label", { class: "option" }, el("input", { type, name: input.id, value }), value),
  );
  return el("fieldset", {}, el("legend", {}, input.question), options);
}

function freeform(item, input) {
  const id = `${item.id}-${input.id}`;
  const hint = input.description && el("p", { class: "muted", id: `${id}-hint` }, input.description);
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, input.question),
    hint,
    el("textarea", { id, name: input.id, rows: "2", "aria-describedby": hint ? `${id}-hint` : null }),
  );
}

function answeredList(item) {
  const rows = item.inputs.flatMap((input) => [
    el("dt", {}, input.question),
    el("dd", {}, answerText(input.answer)),
  ]);
  return el("dl", { class: "card answers" }, rows);
}

function answerText(answer) {
  return answer && !answer.skipped && answer.values.length > 0 ? answer.values.join(", ") : "Skipped";
}
