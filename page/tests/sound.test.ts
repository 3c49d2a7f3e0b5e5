import { describe, expect, it } from "vitest";
import type { AssistantMessage, Item, ThreadEvent, WorkflowItem } from "../src/protocol";
import { EMPTY, after, begun, loaded } from "../src/state/conversation";
import { soundEvent, soundItem, soundItems } from "../src/state/sound";

const BASE = { id: "i", thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z" };
const ODD = [undefined, null, true, 7, "text", [], [null], {}, { type: 7 }, { _$litType$: 1, strings: [""], values: [] }];

/** The fields of a value that are worth being replaced, with the value that has another one there. */
function* broken(value: unknown): Generator<unknown> {
  yield* ODD;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const other of broken(inner)) yield Array.isArray(value) ? [other] : { ...value, [key]: other };
  }
}

const PART = { type: "output_text", text: "t", annotations: [{ type: "annotation", index: 1, source: { type: "url", title: "a", url: "b" } }] };
const ITEMS = [
  { ...BASE, type: "user_message", content: [{ type: "input_text", text: "t" }], attachments: [{ id: "a", name: "n" }], quoted_text: "q" },
  { ...BASE, type: "assistant_message", content: [PART] },
  { ...BASE, type: "widget", widget: { type: "Card", children: [{ type: "Text", id: "c", value: "v" }] }, copy_text: "c" },
  { ...BASE, type: "workflow", workflow: { type: "custom", tasks: [{ type: "custom", title: "t" }], summary: { title: "s" } } },
  { ...BASE, type: "client_tool_call", status: "pending", call_id: "c", name: "n", arguments: {} },
  { ...BASE, type: "generated_image", image: { id: "g", url: "u" } },
];
const update = (type: string, fields: object) => ({ type: "thread.item.updated", item_id: "i", update: { type, ...fields } });
const EVENTS = [
  { type: "thread.created", thread: { id: "thr_1", title: "t", status: { type: "active" }, allowed_image_domains: ["a"], items: { data: [] } } },
  ...ITEMS.map((item) => ({ type: "thread.item.added", item })),
  ...ITEMS.map((item) => ({ type: "thread.item.done", item })),
  { type: "thread.item.removed", item_id: "x" },
  update("assistant_message.content_part.added", { content_index: 0, content: PART }),
  update("assistant_message.content_part.text_delta", { content_index: 0, delta: "d" }),
  update("assistant_message.content_part.annotation_added", { content_index: 0, annotation_index: 0, annotation: PART.annotations[0] }),
  update("assistant_message.content_part.done", { content_index: 0, content: PART }),
  update("widget.streaming_text.value_delta", { component_id: "c", delta: "d", done: false }),
  update("widget.root.updated", { widget: { type: "Card", children: [] } }),
  update("widget.component.updated", { component_id: "c", component: { type: "Text", value: "v" } }),
  update("workflow.task.added", { task_index: 1, task: { type: "custom" } }),
  update("workflow.task.updated", { task_index: 0, task: { type: "custom" } }),
  update("generated_image.updated", { image: { id: "g", url: "u" }, progress: 0.5 }),
  { type: "stream_options", stream_options: { allow_cancel: true } },
  { type: "progress_update", text: "t", icon: "bolt" },
  { type: "client_effect", name: "n", data: {} },
  { type: "notice", level: "info", message: "m", title: "t" },
  { type: "error", code: "custom", message: "m", allow_retry: true },
];

describe("what arrives", () => {
  it("stays what it is where it is sound", () => {
    for (const event of EVENTS) expect(soundEvent(event)).toMatchObject(event);
    for (const item of ITEMS) expect(soundItem(item)).toMatchObject(item);
  });

  it.each(ITEMS.map((item) => [item.type, item] as const))("never stops the conversation on %s, however it is broken", (_, item) => {
    const before = after(begun(EMPTY), soundEvent({ type: "thread.item.added", item }));
    for (const event of EVENTS) {
      for (const odd of broken(event)) {
        const now = after(before, soundEvent(odd));
        expect(now.items.every(({ id, type }) => typeof id === "string" && typeof type === "string")).toBe(true);
      }
    }
  });

  it("finds a component among children that are none", () => {
    const widget = { type: "Card", children: [null, 7, "text", [], { type: "Text", id: "t", value: "v" }] };
    const before = after(begun(EMPTY), soundEvent({ type: "thread.item.added", item: { ...BASE, type: "widget", widget } }));
    const delta = update("widget.streaming_text.value_delta", { component_id: "t", delta: "!", done: true });
    expect(JSON.stringify(after(before, soundEvent(delta)).items)).toContain('"v!"');
  });

  it("has text where text belongs", () => {
    for (const odd of ODD) {
      const item = soundItem({ ...BASE, type: "assistant_message", content: [{ ...PART, text: odd }, odd] }) as AssistantMessage;
      expect(item.content.every(({ text }) => typeof text === "string")).toBe(true);
    }
  });

  it("keeps the sound items among others", () => {
    const items = soundItems([null, ITEMS[1], { type: "widget" }, ITEMS[3], 7]);
    expect(items.map(({ type }) => type)).toEqual(["assistant_message", "workflow"]);
    const thread = { id: "thr_1", created_at: "", items: { data: [null, ITEMS[0]] as unknown as Item[], has_more: false } };
    expect(loaded(thread).items.map(({ type }) => type)).toEqual(["user_message"]);
  });

  it("makes no room for a part or a task at an absurd place", () => {
    const before = [ITEMS[1], { ...ITEMS[3], id: "w" }].reduce((seen, item) => after(seen, soundEvent({ type: "thread.item.done", item })), begun(EMPTY));
    for (const place of [1e9, -1, 0.5, "0", null]) {
      const added = update("assistant_message.content_part.added", { content_index: place, content: PART });
      expect((after(before, soundEvent(added)).items[0] as AssistantMessage).content).toHaveLength(1);
      const task = { ...update("workflow.task.added", { task_index: place, task: { type: "custom" } }), item_id: "w" };
      expect((after(before, soundEvent(task)).items[1] as WorkflowItem).workflow.tasks).toHaveLength(1);
    }
  });

  it("is not taken deeper than anybody nests", () => {
    let tree: object = { type: "Text", id: "deepest", value: "" };
    for (let level = 0; level < 50_000; level += 1) tree = { type: "Box", children: [tree] };
    const item = { ...BASE, type: "widget", widget: tree };
    const before = after(begun(EMPTY), soundEvent({ type: "thread.item.added", item }));
    const delta = update("widget.streaming_text.value_delta", { component_id: "deepest", delta: "d", done: false });
    expect(after(before, soundEvent(delta)).items).toEqual(before.items);
    expect(JSON.stringify(before).length).toBeLessThan(10_000);
    expect(soundItems([item])).toHaveLength(1);
  });

  it("leaves alone what it does not know", () => {
    const event = { type: "thread.exploded", pieces: 7 };
    expect(soundEvent(event)).toBe(event);
    expect(soundEvent("text")).toEqual({ type: "" } as unknown as ThreadEvent);
    expect(soundEvent({ type: "constructor" })).toEqual({ type: "constructor" });
    expect(soundItem({ ...BASE, type: "hologram", content: 7 })).toMatchObject({ type: "hologram", content: 7 });
  });
});
