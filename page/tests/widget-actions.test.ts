import { describe, expect, it } from "vitest";
import { all, carded, choose, mounted, one, replaced, requests, work, type Json } from "./widgets";

const BUTTON = { type: "Button", label: "Go" };
const button = (action: object): Json => ({ ...BUTTON, onClickAction: { type: "go", ...action } });
const isBusy = (widget: Awaited<ReturnType<typeof mounted>>) => one(widget, ".root").hasAttribute("inert");

describe("an action", () => {
  it("is passed on as it was configured", async () => {
    const action = { payload: { a: [1] }, handler: "client", loadingBehavior: "none", streaming: false };
    const widget = await carded(button(action));
    const fired = requests(widget);
    one(widget, "button").click();
    expect(fired.map(({ action, itemId }) => ({ action, itemId }))).toEqual([{ action: { type: "go", ...action }, itemId: "msg_1" }]);
  });

  it("has defaults for what was not said, or said wrongly", async () => {
    const widget = await carded(button({ handler: "moon", loadingBehavior: 3, streaming: "yes" }));
    const fired = requests(widget);
    one(widget, "button").click();
    expect(fired[0]?.action).toEqual({ type: "go", payload: undefined, handler: "server", loadingBehavior: "auto", streaming: true });
  });

  it("leaves the shadow root and bubbles", async () => {
    const widget = await carded(button({}));
    const heard: string[] = [];
    document.addEventListener("ck-action", ({ type }) => heard.push(type), { once: true });
    one(widget, "button").click();
    expect(heard).toEqual(["ck-action"]);
  });

  it.each([undefined, null, "go", {}, { type: "" }, { type: 1 }, []])("that is none does nothing: %j", async (onClickAction) => {
    const widget = await carded({ ...BUTTON, onClickAction });
    const fired = requests(widget);
    one(widget, "button").click();
    expect(fired).toEqual([]);
  });

  it("is not fired by a widget that is disabled", async () => {
    const widget = await carded(button({}), { type: "Input", name: "a" });
    widget.disabled = true;
    await widget.updateComplete;
    expect(all<HTMLInputElement>(widget, "button, input").every(({ disabled }) => disabled)).toBe(true);
  });

  it("carries the value of a field that stands in no form", async () => {
    const options = [{ value: "a", label: "A" }];
    const onChangeAction = { type: "changed", payload: { id: 1 } };
    const widget = await carded(
      { type: "Select", name: "pick.one", options, onChangeAction },
      { type: "Checkbox", name: "yes", onChangeAction },
      { type: "RadioGroup", name: "way", options, onChangeAction },
      { type: "DatePicker", name: "day", onChangeAction },
    );
    const fired = requests(widget);
    choose(widget, "select", "a");
    one(widget, "input[type=checkbox]").click();
    one(widget, "input[type=radio]").click();
    choose(widget, "input[type=date]", "2026-11-21");
    expect(fired.map(({ action }) => action.payload)).toEqual([
      { id: 1, pick: { one: "a" } }, { id: 1, yes: true }, { id: 1, way: "a" }, { id: 1, day: "2026-11-21" },
    ]);
  });
});

describe("while an action runs", () => {
  it("its button turns a spinner and takes no second press, until it is done", async () => {
    const widget = await carded(button({ loadingBehavior: "self" }));
    const fired = requests(widget);
    const { promise, finish } = work();
    one(widget, "button").click();
    fired[0]?.until(promise);
    await widget.updateComplete;
    expect([one(widget, "button").getAttribute("aria-busy"), all(widget, ".spinner").length, isBusy(widget)]).toEqual(["true", 1, false]);
    one(widget, "button").click();
    expect(fired.length).toBe(1);
    finish();
    await expect.poll(() => all(widget, ".spinner").length).toBe(0);
    one(widget, "button").click();
    expect(fired.length).toBe(2);
  });

  it("the whole widget is inert where the action wants it", async () => {
    const widget = await carded(button({ loadingBehavior: "container" }));
    const fired = requests(widget);
    const { promise, fail } = work();
    one(widget, "button").click();
    fired[0]?.until(promise);
    await widget.updateComplete;
    expect([isBusy(widget), one(widget, ".root").getAttribute("aria-busy"), one(widget, "[role=status]").textContent?.trim()]).toEqual([true, "true", "Working…"]);
    fail();
    await expect.poll(() => isBusy(widget)).toBe(false);
  });

  it("nothing is to be seen where the action wants that", async () => {
    const widget = await carded(button({ loadingBehavior: "none" }));
    const fired = requests(widget);
    const before = widget.shadowRoot?.innerHTML;
    one(widget, "button").click();
    fired[0]?.until(work().promise);
    await widget.updateComplete;
    expect(widget.shadowRoot?.innerHTML).toBe(before);
  });

  const row = { type: "ListView", children: [{ type: "ListViewItem", onClickAction: { type: "go" }, children: [{ type: "Text", value: "row" }] }] };
  const form = { type: "Card", children: [{ type: "Form", onSubmitAction: { type: "go" }, children: [{ ...BUTTON, submit: true }] }] };
  const select = { type: "Select", name: "s", options: [{ value: "a" }], onChangeAction: { type: "go" } };
  const confirm = { type: "Card", confirm: { label: "Yes", action: { type: "go" } } };

  it.each([
    ["a button: itself", { type: "Card", children: [button({})] }, "button", false, 1],
    ["a row: itself", row, "button", false, 1],
    ["a form: all of the widget", form, "button", true, 1],
    ["a card that is confirmed: all of it", confirm, "button", true, 1],
    ["a select: nothing", { type: "Card", children: [select] }, "select", false, 0],
  ])("auto means for %s", async (_, root, selector, busy, spinners) => {
    const widget = await mounted(root);
    const fired = requests(widget);
    if (selector === "select") choose(widget, selector, "a");
    else one(widget, selector).click();
    fired[0]?.until(work().promise);
    await widget.updateComplete;
    expect([fired.length, isBusy(widget), all(widget, ".spinner").length]).toEqual([1, busy, spinners]);
  });

  it("it lasts until the last of several works is done", async () => {
    const widget = await carded(button({ loadingBehavior: "container" }));
    const fired = requests(widget);
    const [first, second] = [work(), work()];
    one(widget, "button").click();
    fired[0]?.until(first.promise);
    fired[0]?.until(second.promise);
    first.finish();
    await first.promise;
    await widget.updateComplete;
    expect(isBusy(widget)).toBe(true);
    second.finish();
    await expect.poll(() => isBusy(widget)).toBe(false);
  });

  it("its control is still busy in a tree that came meanwhile", async () => {
    const widget = await carded(button({}));
    const fired = requests(widget);
    one(widget, "button").click();
    fired[0]?.until(work().promise);
    await replaced(widget, { type: "Card", children: [button({ payload: 2 })] });
    expect(one(widget, "button").getAttribute("aria-busy")).toBe("true");
  });

  it("the focus stays on the control", async () => {
    const widget = await carded(button({}));
    const fired = requests(widget);
    const { promise, finish } = work();
    one(widget, "button").focus();
    one(widget, "button").click();
    fired[0]?.until(promise);
    await widget.updateComplete;
    expect(widget.shadowRoot?.activeElement).toBe(one(widget, "button"));
    finish();
    await expect.poll(() => all(widget, ".spinner").length).toBe(0);
    expect(widget.shadowRoot?.activeElement).toBe(one(widget, "button"));
  });
});

describe("a list", () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      type: "ListViewItem", onClickAction: { type: "pick", payload: { index } }, children: [{ type: "Text", value: `row ${index}` }],
    }));

  it.each([
    [2, 2, "Show 4 more"],
    ["auto", 5, "Show 1 more"],
    [10, 6, undefined],
    [undefined, 6, undefined],
    [0, 6, undefined],
    ["many", 6, undefined],
  ])("with the limit %j shows %i of six rows", async (limit, shown, more) => {
    const widget = await mounted({ type: "ListView", limit, children: rows(6) });
    expect(all(widget, "li").length).toBe(shown);
    expect(all(widget, ".more")[0]?.textContent?.trim()).toBe(more);
  });

  it("shows the rest when asked to, and keeps the rows it has", async () => {
    const widget = await mounted({ type: "ListView", limit: 1, children: rows(3) });
    const [first] = all(widget, "li");
    one(widget, ".more").click();
    await widget.updateComplete;
    expect(all(widget, "li").length).toBe(3);
    expect(all(widget, "li")[0]).toBe(first);
    expect(widget.shadowRoot?.activeElement).toBe(all(widget, ".row-button")[1]);
  });

  it("names the button of a row after what is in the row", async () => {
    const widget = await mounted({ type: "ListView", children: rows(1) });
    const id = one(widget, ".row-button").getAttribute("aria-labelledby") ?? "";
    expect(widget.shadowRoot?.getElementById(id)?.textContent?.trim()).toBe("row 0");
  });
});

describe("a folded card", () => {
  it("opens and closes", async () => {
    const widget = await mounted({ type: "Card", collapsed: true, status: { text: "Sent" }, children: [{ type: "Text", value: "inside" }] });
    expect([all(widget, ".text").length, one(widget, ".unfold").getAttribute("aria-expanded")]).toEqual([0, "false"]);
    one(widget, ".unfold").click();
    await widget.updateComplete;
    expect([all(widget, ".text").length, one(widget, ".unfold").getAttribute("aria-expanded")]).toEqual([1, "true"]);
  });
});
