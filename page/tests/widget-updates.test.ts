import { describe, expect, it, vi } from "vitest";
import type { WidgetItem } from "../src/protocol";
import { updated } from "../src/state/updates";
import { all, carded, mounted, one, replaced, type Json } from "./widgets";

/** A component that counts how often it was drawn. */
function counted(properties: Json): { readonly component: Json; readonly reads: () => number } {
  let reads = 0;
  const component = { ...properties };
  Object.defineProperty(component, "value", { enumerable: true, get: () => `${(reads += 1)}` });
  return { component, reads: () => reads };
}

const item = (widget: Json): WidgetItem =>
  ({ type: "widget", id: "msg_1", thread_id: "thr_1", created_at: "", widget }) as WidgetItem;

describe("updates", () => {
  it("stream text without drawing anything else again", async () => {
    const { component, reads } = counted({ type: "Text", value: "" });
    let streamed = item({ type: "Card", children: [component, { type: "Col", children: [{ type: "Text", id: "t", value: "", streaming: true }] }] });
    const widget = await mounted(streamed.widget as Json);
    const before = [reads(), ...all(widget, "p")];
    for (const delta of ["Hel", "lo"]) {
      const update = { type: "widget.streaming_text.value_delta", component_id: "t", delta, done: delta === "lo" };
      streamed = updated(streamed, update) as WidgetItem;
      await replaced(widget, streamed.widget as Json);
    }
    expect([reads(), ...all(widget, "p")]).toEqual(before);
    expect(all(widget, "p")[1]?.textContent).toBe("Hello");
    expect(all(widget, "p")[1]?.hasAttribute("data-streaming")).toBe(false);
  });

  it("draw what is the same object only once, wherever the tree around it changes", async () => {
    const { component, reads } = counted({ type: "Text", value: "" });
    const widget = await carded(component, { type: "Badge", label: "1" });
    const first = reads();
    for (const label of ["2", "3", "4"]) await replaced(widget, { type: "Card", size: "lg", children: [component, { type: "Badge", label }] });
    expect(reads()).toBe(first);
  });

  it("keep the elements of components with keys where these move", async () => {
    const field = (key: string) => ({ type: "Input", key, name: key });
    const widget = await carded(field("a"), field("b"));
    const [a, b] = all(widget, "input");
    await replaced(widget, { type: "Card", children: [field("c"), field("b"), field("a")] });
    expect(all(widget, "input").slice(1)).toEqual([b, a]);
  });

  it("do not take one component's element for another kind", async () => {
    const widget = await carded({ type: "Input", id: "x", name: "x" });
    await replaced(widget, { type: "Card", children: [{ type: "Badge", id: "x", label: "x" }] });
    expect([all(widget, "input").length, all(widget, ".badge").length]).toEqual([0, 1]);
  });

  it("draw all of several components with one key", async () => {
    const same = (value: string) => ({ type: "Text", key: "k", value });
    const widget = await carded(same("a"), same("b"), same("c"));
    expect(all(widget, "p").map(({ textContent }) => textContent)).toEqual(["a", "b", "c"]);
  });

  it("leave the focus in the field where it was, with the cursor, also in another tree", async () => {
    const input = { type: "Input", name: "name", defaultValue: "words" };
    const widget = await carded(input);
    one<HTMLInputElement>(widget, "input").focus();
    one<HTMLInputElement>(widget, "input").setSelectionRange(2, 3);
    await replaced(widget, { type: "Card", children: [{ type: "Title", value: "new" }, { type: "Row", children: [{ ...input }] }] });
    const field = one<HTMLInputElement>(widget, "input");
    expect(widget.shadowRoot?.activeElement).toBe(field);
    expect([field.selectionStart, field.selectionEnd]).toEqual([2, 3]);
  });

  it("do not take the focus from elsewhere", async () => {
    const composer = document.createElement("textarea");
    const widget = await carded({ type: "Text", value: "a" });
    document.body.append(composer);
    composer.focus();
    await replaced(widget, { type: "Card", children: [{ type: "Input", name: "a", autoFocus: true }] });
    expect(document.activeElement).toBe(composer);
  });

  it("give the focus to a new field that wants it, once", async () => {
    const field = { type: "Input", name: "a", autoFocus: true };
    const widget = await carded(field);
    expect(widget.shadowRoot?.activeElement).toBe(one(widget, "input"));
    one(widget, "input").blur();
    await replaced(widget, { type: "Card", children: [{ ...field }] });
    expect(widget.shadowRoot?.activeElement).toBeNull();
  });

  it("put another child of a transition in the place of the first, and move it in", async () => {
    const animate = vi.fn();
    vi.stubGlobal("matchMedia", () => ({ matches: false }));
    HTMLElement.prototype.animate = animate;
    const transition = (key: string, value: string) => ({ type: "Card", children: [{ type: "Transition", children: { type: "Text", key, value } }] });
    const widget = await mounted(transition("a", "one"));
    await replaced(widget, transition("a", "one and more"));
    expect(animate).not.toHaveBeenCalled();
    await replaced(widget, transition("b", "two"));
    expect(animate.mock.instances).toContain(one(widget, ".transition > p"));
    vi.unstubAllGlobals();
  });

  it("set a theme of the root's own, and take it away", async () => {
    const widget = await mounted({ type: "Card", theme: "dark", children: [] });
    expect(widget.dataset.theme).toBe("dark");
    await replaced(widget, { type: "Card", theme: "sepia", children: [] });
    expect(widget.dataset.theme).toBeUndefined();
  });
});
