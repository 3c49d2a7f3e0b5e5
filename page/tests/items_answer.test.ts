import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../src/items/answer_actions";
import type { CopyAsked } from "../src/items/answer_actions";
import { placeNear } from "../src/items/place";
import { isInside, rootsAround } from "../src/items/selection";
import "../src/items/selection_quote";
import type { Quoted } from "../src/items/selection_quote";
import { heard, mounted, root } from "./items_mount";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const labels = (element: Element) => [...root(element).querySelectorAll("button")].map((button) => button.getAttribute("aria-label"));

function press(element: Element, label: string): void {
  root(element).querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`)?.click();
}

describe("the actions under an answer", () => {
  it("are to copy, and what else is asked for", async () => {
    expect(labels(await mounted("ck-answer-actions", {}))).toEqual(["Copy"]);
    const all = await mounted("ck-answer-actions", { feedback: true, retry: true });
    expect(labels(all)).toEqual(["Copy", "Good answer", "Bad answer", "Try again"]);
  });

  it("tell which feedback was given, and give the other one only", async () => {
    const element = await mounted("ck-answer-actions", { feedback: true, given: "positive" });
    const given = heard(element, "ck-feedback");
    expect([...root(element).querySelectorAll("[aria-pressed]")].map((button) => button.getAttribute("aria-pressed"))).toEqual(["true", "false"]);
    press(element, "Good answer");
    press(element, "Bad answer");
    expect(given).toEqual([{ kind: "negative" }]);
  });

  it("ask for another try, not while that is impossible", async () => {
    const element = await mounted("ck-answer-actions", { retry: true });
    const asked = heard(element, "ck-retry");
    press(element, "Try again");
    element.disabled = true;
    await element.updateComplete;
    press(element, "Try again");
    expect(asked).toHaveLength(1);
  });

  it("say that it was copied, for a while", async () => {
    const element = await mounted("ck-answer-actions", {});
    press(element, "Copy");
    await vi.advanceTimersByTimeAsync(10);
    expect(labels(element)).toEqual(["Copied"]);
    expect(root(element).querySelector("[role=status]")?.textContent).toBe("Copied");
    await vi.advanceTimersByTimeAsync(3000);
    expect(labels(element)).toEqual(["Copy"]);
  });

  it("do not say so where copying failed", async () => {
    const element = await mounted("ck-answer-actions", {});
    element.addEventListener("ck-copy", (event) => (event as CustomEvent<CopyAsked>).detail.until(Promise.reject(new Error("no"))));
    press(element, "Copy");
    await vi.advanceTimersByTimeAsync(10);
    expect(labels(element)).toEqual(["Copy"]);
  });
});

describe("a selection in an answer", () => {
  beforeEach(() => {
    const nowhere = () => new DOMRect(10, 10, 100, 20);
    Range.prototype.getBoundingClientRect = nowhere;
  });
  afterEach(() => document.body.replaceChildren());

  async function answer(words: string) {
    const element = await mounted("ck-selection-quote", {});
    const text = document.createElement("p");
    text.textContent = words;
    element.append(text);
    return { element, text, quotes: heard<Quoted>(element, "ck-quote") };
  }

  async function select(start: Node, end = start): Promise<void> {
    document.getSelection()?.setBaseAndExtent(start, 0, end, end.childNodes.length);
    document.dispatchEvent(new Event("selectionchange"));
    await vi.advanceTimersByTimeAsync(500);
  }

  const reply = (element: Element) => root(element).querySelector<HTMLButtonElement>("button");

  it("can be replied to, and then is gone", async () => {
    const { element, text, quotes } = await answer("Tides come <b>twice</b>.");
    const other = await answer("Others");
    await select(text);
    expect(reply(other.element)).toBeNull();
    reply(element)?.click();
    await vi.advanceTimersByTimeAsync(500);
    expect(quotes).toEqual([{ text: "Tides come <b>twice</b>." }]);
    expect(reply(element)).toBeNull();
  });

  it("is nothing to reply to where it is empty, elsewhere, or goes further", async () => {
    const { element, text } = await answer("Tides");
    const elsewhere = document.createElement("p");
    elsewhere.textContent = "Other words";
    document.body.append(elsewhere);
    await select(elsewhere);
    expect(reply(element)).toBeNull();
    await select(text, elsewhere);
    expect(reply(element)).toBeNull();
    await select(text);
    expect(reply(element)).not.toBeNull();
    document.getSelection()?.removeAllRanges();
    document.dispatchEvent(new Event("selectionchange"));
    await vi.advanceTimersByTimeAsync(500);
    expect(reply(element)).toBeNull();
  });

  it("is let alone with Escape", async () => {
    const { element, text } = await answer("Tides");
    await select(text);
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    await vi.advanceTimersByTimeAsync(10);
    expect(reply(element)).toBeNull();
  });

  it("is listened for only while there are answers", async () => {
    const { element } = await answer("Tides");
    const stop = vi.spyOn(document, "removeEventListener");
    element.remove();
    expect(stop.mock.calls.map(([type]) => type)).toContain("selectionchange");
    stop.mockRestore();
  });

  it("is found through shadow roots", () => {
    const outer = document.createElement("div");
    const middle = document.createElement("div");
    const inner = document.createElement("p");
    outer.attachShadow({ mode: "open" }).append(middle);
    middle.attachShadow({ mode: "closed" }).append(inner);
    expect(isInside(outer, inner)).toBe(true);
    expect(isInside(inner, outer)).toBe(false);
    expect(rootsAround(inner).map((one) => one.host)).toEqual([outer, middle]);
  });
});

describe("what floats", () => {
  function placed(anchor: DOMRect, prefer: "above" | "below"): string[] {
    const box = document.createElement("div");
    Object.defineProperties(box, { offsetWidth: { value: 100 }, offsetHeight: { value: 50 } });
    placeNear(box, anchor, prefer);
    return [box.style.left, box.style.top];
  }

  it("stands where it is wanted, else on the other side, and always in the window", () => {
    expect(placed(new DOMRect(200, 300, 100, 20), "above")).toEqual(["200px", "242px"]);
    expect(placed(new DOMRect(200, 300, 100, 20), "below")).toEqual(["200px", "328px"]);
    expect(placed(new DOMRect(200, 10, 100, 20), "above")).toEqual(["200px", "38px"]);
    expect(placed(new DOMRect(0, 300, 10, 20), "above")).toEqual(["8px", "242px"]);
    expect(placed(new DOMRect(window.innerWidth, 300, 10, 20), "above")[0]).toBe(`${window.innerWidth - 108}px`);
  });
});
