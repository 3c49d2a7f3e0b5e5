import { describe, expect, it } from "vitest";
import { chosen, submissionOf } from "../src/items/answers";
import "../src/items/structured_input";
import type { FormAnswered, StructuredInputElement } from "../src/items/structured_input";
import type { Question } from "../src/protocol";
import { heard, mounted, root, said } from "./items_mount";

const COLOUR: Question = { type: "multiple_choice", id: "colour", question: "Colour?", options: [{ value: "red" }, { value: "blue" }] };
const TOPPINGS: Question = { ...COLOUR, id: "toppings", question: "Toppings?", multiple: true };
const WHY: Question = { type: "freeform", id: "why", question: "Why?", description: "In a few words" };
const FIVE: Question[] = Array.from({ length: 5 }, (_, index) => ({ ...WHY, id: `q${index}`, question: `Question ${index}` }));
const ITEM = { id: "msg_1", thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z", type: "structured_input" };

const form = (...inputs: unknown[]) => mounted("ck-structured-input", { item: { ...ITEM, status: "pending", inputs } });

const buttonOf = (element: Element, label: string) =>
  [...root(element).querySelectorAll("button")].find((button) => button.textContent?.trim() === label);

async function press(element: StructuredInputElement, label: string): Promise<void> {
  const button = buttonOf(element, label);
  if (button === undefined) throw new Error(`no button ${label} in ${said(element)}`);
  button.click();
  await element.updateComplete;
}

async function tick(element: StructuredInputElement, value: string, place = 0): Promise<void> {
  const fieldset = root(element).querySelectorAll("fieldset")[place];
  [...(fieldset?.querySelectorAll("input") ?? [])].find((input) => input.value === value)?.click();
  await element.updateComplete;
}

async function write(element: StructuredInputElement, text: string): Promise<void> {
  const field = root(element).querySelector("textarea");
  if (field === null) throw new Error("nothing to write into");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await element.updateComplete;
}

const legend = (element: Element) => root(element).querySelector("legend")?.textContent?.trim();

describe("what is sent", () => {
  it("has an answer for each question, skipped where there is none", () => {
    const drafts = new Map([["colour", { values: [" red "], skipped: false }], ["why", { values: ["  "], skipped: false }]]);
    expect(submissionOf([COLOUR, WHY], drafts)).toEqual({
      status: "answered",
      answers: { colour: { values: ["red"], skipped: false }, why: { values: [], skipped: true } },
    });
  });

  it("is skipped as a whole where nothing is answered", () => {
    expect(submissionOf([COLOUR, WHY], new Map())).toEqual({ status: "skipped", answers: {} });
  });

  it("keeps several choices in the order of the options, and of single ones the last", () => {
    const both = chosen(TOPPINGS, { values: ["blue"], skipped: false }, "red", true);
    expect(both.values).toEqual(["red", "blue"]);
    expect(chosen(TOPPINGS, both, "blue", false).values).toEqual(["red"]);
    expect(chosen(COLOUR, { values: ["blue"], skipped: false }, "red", true).values).toEqual(["red"]);
  });
});

describe("a form", () => {
  it("sends what was filled in", async () => {
    const element = await form(COLOUR, TOPPINGS, WHY);
    const answers = heard<FormAnswered>(element, "ck-answer");
    await tick(element, "blue");
    await tick(element, "blue", 1);
    await tick(element, "red", 1);
    await write(element, "Because.");
    await press(element, "Send answers");
    expect(answers).toEqual([
      {
        itemId: "msg_1",
        submission: {
          status: "answered",
          answers: {
            colour: { values: ["blue"], skipped: false },
            toppings: { values: ["red", "blue"], skipped: false },
            why: { values: ["Because."], skipped: false },
          },
        },
      },
    ]);
  });

  it("skips all", async () => {
    const element = await form(COLOUR, WHY);
    const answers = heard<FormAnswered>(element, "ck-answer");
    await tick(element, "red");
    await press(element, "Skip all");
    expect(answers[0]?.submission).toEqual({ status: "skipped", answers: {} });
  });

  it("skips one question, and answers it after all", async () => {
    const element = await form(COLOUR, WHY);
    const answers = heard<FormAnswered>(element, "ck-answer");
    await tick(element, "red");
    await write(element, "Because.");
    await press(element, "Skip this question");
    expect(root(element).querySelectorAll("input")).toHaveLength(0);
    await press(element, "Send answers");
    expect(answers[0]?.submission.answers.colour).toEqual({ values: [], skipped: true });
    await press(element, "Answer it after all");
    await tick(element, "blue");
    await press(element, "Send answers");
    expect(answers[1]?.submission.answers.colour).toEqual({ values: ["blue"], skipped: false });
  });

  it("asks more than three questions one after the other, and keeps what was said", async () => {
    const element = await form(...FIVE);
    const answers = heard<FormAnswered>(element, "ck-answer");
    expect(legend(element)).toBe("1 of 5 Question 0");
    await write(element, "first");
    await press(element, "Next");
    expect(legend(element)).toBe("2 of 5 Question 1");
    expect(root(element).activeElement).toBe(root(element).querySelector("textarea"));
    expect(root(element).querySelector("textarea")?.value).toBe("");
    await press(element, "Skip this question");
    expect(legend(element)).toBe("3 of 5 Question 2");
    for (const back of [1, 0]) {
      await press(element, "Back");
      expect(legend(element)).toBe(`${back + 1} of 5 Question ${back}`);
    }
    expect(root(element).querySelector("textarea")?.value).toBe("first");
    for (let place = 0; place < 4; place += 1) await press(element, "Next");
    expect(answers).toEqual([]);
    await press(element, "Send answers");
    expect(answers[0]?.submission.answers.q0?.values).toEqual(["first"]);
    expect(answers[0]?.submission.answers.q1?.skipped).toBe(true);
  });

  it("is sent by Enter with Control", async () => {
    const element = await form(WHY);
    const answers = heard<FormAnswered>(element, "ck-answer");
    await write(element, "Because.");
    const key = (init: KeyboardEventInit) =>
      root(element).querySelector("textarea")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, ...init }));
    key({});
    expect(answers).toEqual([]);
    key({ ctrlKey: true });
    expect(answers).toHaveLength(1);
  });

  it("sends nothing while it is disabled", async () => {
    const element = await form(COLOUR);
    const answers = heard<FormAnswered>(element, "ck-answer");
    element.disabled = true;
    await element.updateComplete;
    expect([...root(element).querySelectorAll<HTMLFieldSetElement | HTMLButtonElement>("fieldset, button")].every((part) => part.disabled)).toBe(true);
    root(element).querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(answers).toEqual([]);
  });

  it("keeps what was filled in when the item is given again, and not for another", async () => {
    const element = await form(WHY);
    await write(element, "Because.");
    element.item = { ...element.item! };
    await element.updateComplete;
    expect(root(element).querySelector("textarea")?.value).toBe("Because.");
    element.item = { ...element.item!, id: "msg_2" };
    await element.updateComplete;
    expect(root(element).querySelector("textarea")?.value).toBe("");
  });

  it("shows the answers once they are given", async () => {
    const answered = { ...COLOUR, answer: { values: ["red", "<i>own</i>"], skipped: false } };
    const element = await form(answered, WHY);
    element.item = { ...element.item!, status: "answered" };
    await element.updateComplete;
    expect(root(element).querySelector("form")).toBeNull();
    expect([...root(element).querySelectorAll("dd")].map((value) => value.textContent?.trim())).toEqual(["red", "<i>own</i>", "Skipped"]);
  });

  it("labels its fields", async () => {
    const element = await form(COLOUR, { ...WHY, question: "<img src=x>" });
    expect([...root(element).querySelectorAll("legend")].map((one) => one.textContent?.trim())).toEqual(["1 of 2 Colour?", "2 of 2 <img src=x>"]);
    expect(root(element).querySelector("textarea")?.getAttribute("aria-label")).toBe("<img src=x>");
    expect([...root(element).querySelectorAll(".option")].map((one) => one.textContent?.trim())).toEqual(["red", "blue"]);
    expect(root(element).querySelector("img")).toBeNull();
  });

  it.each([[[]], [null], [[null, 3, {}, { id: "a" }]], ["x"]])("is nothing where its questions are %j", async (inputs) => {
    expect(said(await mounted("ck-structured-input", { item: { ...ITEM, status: "pending", inputs } }))).toBe("");
  });

  it("asks a question of an unknown kind for words, and one with broken options without them", async () => {
    const element = await form({ ...WHY, type: "drawing" }, { ...COLOUR, options: [null, { value: 3 }, { value: "red" }, { value: "red" }] });
    expect(root(element).querySelectorAll("textarea")).toHaveLength(1);
    expect(root(element).querySelectorAll("input")).toHaveLength(1);
  });
});
