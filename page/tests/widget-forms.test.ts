import { describe, expect, it } from "vitest";
import { formOf } from "../src/widgets/form";
import { all, carded, choose, mounted, one, replaced, requests, typeInto, work, type Json } from "./widgets";

const SEND = { type: "send", payload: { id: 7 } };
const SUBMIT = { type: "Button", label: "Send", submit: true };

function form(...children: readonly object[]): Json {
  return { type: "Form", onSubmitAction: SEND, children: [...children, SUBMIT] };
}

const FIELDS = form(
  { type: "Input", name: "name", defaultValue: "Zoë" },
  { type: "Textarea", name: "note", defaultValue: "one\ntwo" },
  { type: "Select", name: "city", options: [{ value: "o", label: "Oslo" }, { value: "l", label: "Lisbon" }], defaultValue: "o" },
  { type: "DatePicker", name: "day", defaultValue: "2026-11-21T09:30:00Z" },
  { type: "Checkbox", name: "again", label: "Again", defaultChecked: true },
  { type: "RadioGroup", name: "size", options: [{ value: "s", label: "S" }, { value: "m", label: "M" }], defaultValue: "m" },
  { type: "Text", value: "edited", editable: { name: "text" } },
);

const press = (widget: Awaited<ReturnType<typeof mounted>>, selector = "button[type=submit]") => one(widget, selector).click();

describe("a form", () => {
  it("sends the values of all its fields with the payload", async () => {
    const widget = await carded(FIELDS);
    const fired = requests(widget);
    press(widget);
    const values = { name: "Zoë", note: "one\ntwo", city: "o", day: "2026-11-21", again: true, size: "m", text: "edited" };
    expect(fired.map(({ action }) => action)).toEqual([
      { type: "send", handler: "server", loadingBehavior: "auto", streaming: true, payload: { id: 7, ...values } },
    ]);
    expect(fired[0]?.itemId).toBe("msg_1");
  });

  it("sends what was typed and chosen", async () => {
    const widget = await carded(FIELDS);
    const fired = requests(widget);
    typeInto(widget, "input[name=name]", "Ada");
    typeInto(widget, "textarea[name=text]", "typed");
    choose(widget, "select", "l");
    one(widget, "input[type=checkbox]").click();
    one(widget, "input[value=s]").click();
    press(widget);
    expect(fired[0]?.action.payload).toMatchObject({ name: "Ada", text: "typed", city: "l", again: false, size: "s" });
  });

  it("sends an empty text for what was not chosen", async () => {
    const options = [{ value: "a", label: "A" }];
    const fields = [{ type: "Select", name: "s", options }, { type: "RadioGroup", name: "r", options }, { type: "DatePicker", name: "d" }];
    const widget = await carded({ ...form(...fields), onSubmitAction: { type: "send" } });
    const fired = requests(widget);
    press(widget);
    expect(fired[0]?.action.payload).toEqual({ s: "", r: "", d: "" });
  });

  it("nests names with dots, into what the payload has there too", async () => {
    const names = ["todo.title", "todo.owner.name", "plain"];
    const widget = await carded({
      ...form(...names.map((name) => ({ type: "Input", name, defaultValue: name }))),
      onSubmitAction: { type: "send", payload: { todo: { id: 1 } } },
    });
    const fired = requests(widget);
    press(widget);
    expect(fired[0]?.action.payload).toEqual({
      plain: "plain",
      todo: { id: 1, title: "todo.title", owner: { name: "todo.owner.name" } },
    });
  });

  it("does not touch what the payload says already, and tells of it", async () => {
    const widget = await carded({ ...form({ type: "Input", name: "id", defaultValue: "8" }, { type: "Input", name: "a", defaultValue: "b" }) });
    const fired = requests(widget);
    const errors: unknown[] = [];
    widget.addEventListener("ck-error", (event) => errors.push((event as CustomEvent<{ error: Error }>).detail.error.message));
    press(widget);
    expect(fired[0]?.action.payload).toEqual({ id: 7, a: "b" });
    expect(errors).toEqual(['The payload of the action "send" already has "id": the field is ignored.']);
  });

  it("leaves the prototype of objects alone", async () => {
    const names = ["__proto__.polluted", "constructor.prototype.polluted", "ok"];
    const widget = await carded(form(...names.map((name) => ({ type: "Input", name, defaultValue: "x" }))));
    const fired = requests(widget);
    press(widget);
    expect(fired[0]?.action.payload).toEqual({ id: 7, ok: "x" });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("is not sent while a field is not valid", async () => {
    const widget = await carded(form({ type: "Input", name: "name", required: true }, { type: "Input", name: "mail", inputType: "email" }));
    const fired = requests(widget);
    press(widget);
    typeInto(widget, "input[name=name]", "Ada");
    typeInto(widget, "input[name=mail]", "no address");
    press(widget);
    expect(fired).toEqual([]);
    typeInto(widget, "input[name=mail]", "ada@example.com");
    press(widget);
    expect(fired.length).toBe(1);
  });

  it("holds fields of several lines to their pattern as well", async () => {
    const widget = await carded(form({ type: "Text", value: "no", editable: { name: "code", pattern: "\\d+" } }));
    const fired = requests(widget);
    press(widget);
    expect(fired).toEqual([]);
    typeInto(widget, "textarea", "42");
    press(widget);
    expect(fired.length).toBe(1);
  });

  it.each([
    ["a line of text", { type: "Input", name: "f" }, {}, 1],
    ["a text edited in place", { type: "Text", value: "", editable: { name: "f" } }, {}, 1],
    ["a date", { type: "DatePicker", name: "f" }, {}, 1],
    ["several lines", { type: "Textarea", name: "f" }, {}, 0],
    ["several lines, with Ctrl", { type: "Textarea", name: "f" }, { ctrlKey: true }, 1],
    ["a line that is being composed", { type: "Input", name: "f" }, { isComposing: true }, 0],
  ])("is sent by Enter in %s", async (_, field, keys, times) => {
    const widget = await carded({ type: "Form", onSubmitAction: SEND, children: [field] });
    const fired = requests(widget);
    one(widget, "[name=f]").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...keys }));
    expect(fired.length).toBe(times);
  });

  it("gives its values to every action fired inside, without validating them", async () => {
    const field = { type: "Input", name: "name", required: true };
    const widget = await carded(form(field, { type: "Button", label: "Help", onClickAction: { type: "help" } }));
    const fired = requests(widget);
    press(widget, "button[type=button]");
    expect(fired.map(({ action }) => [action.type, action.payload])).toEqual([["help", { name: "" }]]);
  });

  it("lets a submit button's own action go first", async () => {
    const own = { ...SUBMIT, label: "Draft", onClickAction: { type: "draft" } };
    const widget = await carded({ type: "Form", onSubmitAction: SEND, children: [{ type: "Input", name: "a" }, own] });
    const fired = requests(widget);
    press(widget);
    expect(fired.map(({ action }) => action.type)).toEqual(["draft"]);
  });

  it("in a form sends only its own fields", async () => {
    const inner = { type: "Form", onSubmitAction: { type: "inner" }, children: [{ type: "Input", name: "b" }, SUBMIT] };
    const widget = await carded({ type: "Form", onSubmitAction: { type: "outer" }, children: [{ type: "Input", name: "a" }, inner] });
    const fired = requests(widget);
    press(widget);
    expect(fired.map(({ action }) => [action.type, action.payload])).toEqual([["inner", { b: "" }]]);
  });
});

describe("a card as form", () => {
  const card = (more: object = {}): Json => ({
    type: "Card",
    asForm: true,
    confirm: { label: "Yes", action: { type: "yes" } },
    cancel: { label: "No", action: { type: "no" } },
    children: [{ type: "Input", name: "name", required: true }],
    ...more,
  });
  const labelled = (widget: Awaited<ReturnType<typeof mounted>>, label: string) =>
    all(widget, "button").find((button) => button.textContent?.trim() === label);

  it("confirms with the values once they are valid", async () => {
    const widget = await mounted(card());
    const fired = requests(widget);
    labelled(widget, "Yes")?.click();
    expect(fired).toEqual([]);
    typeInto(widget, "input", "Ada");
    labelled(widget, "Yes")?.click();
    expect(fired.map(({ action }) => [action.type, action.payload])).toEqual([["yes", { name: "Ada" }]]);
  });

  it("cancels without looking at them", async () => {
    const widget = await mounted(card());
    const fired = requests(widget);
    labelled(widget, "No")?.click();
    expect(fired.map(({ action }) => action.type)).toEqual(["no"]);
  });

  it("confirms without fields where it is no form", async () => {
    const widget = await mounted(card({ asForm: false }));
    const fired = requests(widget);
    labelled(widget, "Yes")?.click();
    expect(fired.map(({ action }) => [action.type, action.payload])).toEqual([["yes", undefined]]);
  });
});

describe("what was typed", () => {
  const filled = (value: string) => ({ type: "Input", name: "name", defaultValue: value });

  it("stays when the tree is replaced, also by one of another shape", async () => {
    const widget = await carded(form(filled("")));
    typeInto(widget, "input", "Ada");
    await replaced(widget, { type: "Card", children: [{ type: "Title", value: "New" }, { type: "Col", children: [form(filled("server"))] }] });
    expect(one<HTMLInputElement>(widget, "input").value).toBe("Ada");
  });

  it("stays while a text edited in place is streamed", async () => {
    const text = (value: string) => form({ type: "Text", id: "t", value, streaming: true, editable: { name: "body" } });
    const widget = await carded(text("Hel"));
    await replaced(widget, { type: "Card", children: [text("Hello")] });
    expect(one<HTMLTextAreaElement>(widget, "textarea").value).toBe("Hello");
    typeInto(widget, "textarea", "Mine");
    await replaced(widget, { type: "Card", children: [text("Hello there")] });
    expect(one<HTMLTextAreaElement>(widget, "textarea").value).toBe("Mine");
  });

  it("is not mixed up between two forms", async () => {
    const two = (first: string) => ({
      type: "Card",
      children: [1, 2].map((id) => ({ type: "Form", onSubmitAction: { type: "save", payload: { id } }, children: [filled(first)] })),
    });
    const widget = await mounted(two("a"));
    const input = all<HTMLInputElement>(widget, "input")[0];
    if (input) input.value = "typed";
    input?.dispatchEvent(new Event("input", { bubbles: true }));
    await replaced(widget, two("b"));
    expect(all<HTMLInputElement>(widget, "input").map(({ value }) => value)).toEqual(["typed", "b"]);
  });

  it("is done with when the form was sent and answered with another widget", async () => {
    const widget = await carded(form(filled("")));
    const fired = requests(widget);
    typeInto(widget, "input", "Ada");
    press(widget);
    const { promise, finish } = work();
    fired[0]?.until(promise);
    await replaced(widget, { type: "Card", children: [form(filled(""))] });
    finish();
    await expect.poll(() => one<HTMLInputElement>(widget, "input").value).toBe("");
  });

  it("stays when sending it failed", async () => {
    const widget = await carded(form(filled("")));
    const fired = requests(widget);
    typeInto(widget, "input", "Ada");
    press(widget);
    fired[0]?.until(Promise.reject(new Error("offline")));
    await expect.poll(() => one(widget, ".root").hasAttribute("inert")).toBe(false);
    expect(one<HTMLInputElement>(widget, "input").value).toBe("Ada");
  });

  it("belongs to its item", async () => {
    const widget = await carded(form(filled("")));
    typeInto(widget, "input", "Ada");
    widget.itemId = "msg_2";
    await widget.updateComplete;
    expect(one<HTMLInputElement>(widget, "input").value).toBe("");
  });
});

describe("fields", () => {
  it("are joined to their labels", async () => {
    const widget = await carded({ type: "Label", value: "Name", fieldName: "name" }, { type: "Input", name: "name" });
    expect(one<HTMLInputElement>(widget, "input").labels?.[0]?.textContent).toBe("Name");
    expect(one(widget, "input").hasAttribute("aria-label")).toBe(false);
  });

  it.each([
    [{ type: "Input", name: "first_name" }, "input", "first name"],
    [{ type: "Input", name: "n", placeholder: "Your name" }, "input", "Your name"],
    [{ type: "Select", name: "n", placeholder: "Pick", options: [] }, "select", "Pick"],
    [{ type: "DatePicker", name: "due.day" }, "input", "due day"],
    [{ type: "Checkbox", name: "agree" }, "input", "agree"],
    [{ type: "RadioGroup", name: "size", options: [] }, "fieldset", "size"],
    [{ type: "RadioGroup", name: "n", ariaLabel: "Size", options: [] }, "fieldset", "Size"],
  ])("have a name without a label: %j", async (field, selector, name) => {
    const widget = await carded(field);
    expect(one(widget, selector).getAttribute("aria-label")).toBe(name);
  });

  it("in a group take the label of the group", async () => {
    const options = [{ value: "a", label: "A" }];
    const widget = await carded({ type: "Label", value: "Size", fieldName: "size" }, { type: "RadioGroup", name: "size", options });
    const id = one(widget, "fieldset").getAttribute("aria-labelledby") ?? "";
    expect(widget.shadowRoot?.getElementById(id)?.textContent).toBe("Size");
  });

  it("can be cleared where they may be", async () => {
    const select = { type: "Select", name: "city", clearable: true, defaultValue: "o", options: [{ value: "o", label: "Oslo" }] };
    const widget = await carded({ ...select, onChangeAction: { type: "changed" } });
    const fired = requests(widget);
    one(widget, "button.clear").click();
    await widget.updateComplete;
    expect(one<HTMLSelectElement>(widget, "select").value).toBe("");
    expect(fired.map(({ action }) => action.payload)).toEqual([{ city: "" }]);
    expect(all(widget, "button.clear")).toEqual([]);
  });

  it("select all of their text when they get the focus, if they are to", async () => {
    const widget = await carded({ type: "Input", name: "a", defaultValue: "words", autoSelect: true });
    const input = one<HTMLInputElement>(widget, "input");
    input.focus();
    expect([input.selectionStart, input.selectionEnd]).toEqual([0, 5]);
  });

  it("are named after what a form submits, so that two forms differ", () => {
    const [one, two] = [1, 2].map((id) => formOf({ type: "Form", onSubmitAction: { type: "save", payload: { id } } }));
    expect(one).not.toBe(two);
  });
});
