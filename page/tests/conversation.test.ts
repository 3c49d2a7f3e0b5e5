import { describe, expect, it } from "vitest";
import type { AssistantMessage, Component, Item, ThreadEvent, Update, WidgetItem, WorkflowItem } from "../src/protocol";
import { EMPTY, after, begun, ended, loaded, withOlder, type Conversation } from "../src/state/conversation";
import { updated } from "../src/state/updates";

const BASE = { thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z" };
const message = (id: string, ...texts: string[]): AssistantMessage => ({
  ...BASE,
  id,
  type: "assistant_message",
  content: texts.map((text) => ({ type: "output_text", text, annotations: [] })),
});
const thread = (...items: Item[]) => ({
  id: "thr_1",
  created_at: BASE.created_at,
  status: { type: "active" as const },
  items: { data: items, has_more: false },
});

function seen(...events: ThreadEvent[]): Conversation {
  return events.reduce(after, begun(EMPTY));
}

function part(name: string, fields: object): Update {
  return { type: `assistant_message.content_part.${name}`, content_index: 0, ...fields };
}

describe("a conversation", () => {
  it("grows by what is said", () => {
    const shown = seen(
      { type: "thread.created", thread: thread() },
      { type: "stream_options", stream_options: { allow_cancel: false } },
      { type: "progress_update", text: "Looking", icon: "search" },
      { type: "thread.item.added", item: message("m1") },
      { type: "thread.item.updated", item_id: "m1", update: part("added", { content: { type: "output_text", text: "" } }) },
      { type: "thread.item.updated", item_id: "m1", update: part("text_delta", { delta: "Hel" }) },
      { type: "thread.item.updated", item_id: "m1", update: part("text_delta", { delta: "lo" }) },
    );
    expect(shown.thread?.id).toBe("thr_1");
    expect((shown.items[0] as AssistantMessage).content[0]?.text).toBe("Hello");
    expect(shown.answer).toEqual({ mayStop: false, progress: null, open: ["m1"], hasEvents: true });
    const done = after(shown, { type: "thread.item.done", item: message("m1", "Hello.") });
    expect(done.answer?.open).toEqual([]);
    expect(ended(done).answer).toBeNull();
  });

  it("keeps the place of what is replaced, and loses what is removed", () => {
    const two = seen({ type: "thread.item.done", item: message("m1", "a") }, { type: "thread.item.done", item: message("m2", "b") });
    const other = after(two, { type: "thread.item.replaced", item: message("m1", "c") });
    expect(other.items.map((item) => (item as AssistantMessage).content[0]?.text)).toEqual(["c", "b"]);
    expect(after(other, { type: "thread.item.removed", item_id: "m1" }).items.map((item) => item.id)).toEqual(["m2"]);
  });

  it("changes no object that it gave before, and only the item that changes", () => {
    const before = seen({ type: "thread.item.done", item: message("m1", "a") }, { type: "thread.item.added", item: message("m2", "b") });
    const later = after(before, { type: "thread.item.updated", item_id: "m2", update: part("text_delta", { delta: "!" }) });
    expect((before.items[1] as AssistantMessage).content[0]?.text).toBe("b");
    expect(later.items[0]).toBe(before.items[0]);
    expect(later.items[1]).not.toBe(before.items[1]);
  });

  it("takes what it does not know as it comes", () => {
    const before = seen({ type: "thread.item.done", item: message("m1", "a") });
    expect(after(before, { type: "thread.sung" } as unknown as ThreadEvent)).toBe(before);
    expect(after(before, { type: "thread.item.updated", item_id: "none", update: part("text_delta", { delta: "x" }) })).toBe(before);
    expect(after(before, { type: "thread.item.updated", item_id: "m1", update: { type: "new" } })).toBe(before);
  });

  it("tells of failures and notices until the next message", () => {
    const failed = seen(
      { type: "notice", level: "info", message: "Slow today" },
      { type: "error", code: "custom", message: "Sorry", allow_retry: true },
    );
    expect(failed.error).toEqual({ code: "custom", message: "Sorry", mayRetry: true });
    expect(failed.notices).toEqual([{ level: "info", message: "Slow today", title: null }]);
    expect(begun(failed)).toMatchObject({ error: null, notices: [] });
  });

  it("is loaded oldest first, and older items come before, once", () => {
    const page = loaded({ ...thread(), items: { data: [message("m1", "a"), message("m2", "b")], has_more: true } });
    expect(page.items.map((item) => item.id)).toEqual(["m1", "m2"]);
    expect(page.hasOlder).toBe(true);
    const whole = withOlder(page, [message("m0", "0"), message("m1", "a")], false);
    expect(whole.items.map((item) => item.id)).toEqual(["m0", "m1", "m2"]);
    expect(whole.hasOlder).toBe(false);
  });
});

describe("updates", () => {
  it("keep citations until the item brings its own", () => {
    const annotation = { type: "annotation", index: 1, source: { type: "url", title: "T", url: "https://a.example" } };
    let item: Item = updated(message("m1", "text"), part("annotation_added", { annotation_index: 0, annotation }));
    item = updated(item, part("done", { content: { type: "output_text", text: "text.", annotations: [] } }));
    expect((item as AssistantMessage).content[0]).toMatchObject({ text: "text.", annotations: [annotation] });
  });

  it("begin parts that were not announced", () => {
    const item = updated(message("m1"), { ...part("text_delta", { delta: "x" }), content_index: 2 }) as AssistantMessage;
    expect(item.content.map((each) => each.text)).toEqual(["", "", "x"]);
  });

  const leaf: Component = { type: "Text", id: "t", value: "a", streaming: true };
  const side: Component = { type: "Badge", id: "b", label: "b" };
  const widget: WidgetItem = {
    ...BASE,
    id: "w1",
    type: "widget",
    widget: { type: "Card", id: "c", children: [{ type: "Row", children: { type: "Box", children: [leaf] } }, side] },
  };

  it("reach a component however deep, and leave its neighbours alone", () => {
    const delta: Update = { type: "widget.streaming_text.value_delta", component_id: "t", delta: "b", done: true };
    const item = updated(widget, delta) as WidgetItem;
    expect(JSON.stringify(item.widget)).toContain('"value":"ab","streaming":false');
    expect((item.widget.children as readonly Component[])[1]).toBe(side);
    expect(updated(widget, { ...delta, component_id: "none" })).toBe(widget);
  });

  it("replace components and whole widgets", () => {
    const other: Component = { type: "Badge", id: "b", label: "new" };
    const one = updated(widget, { type: "widget.component.updated", component_id: "b", component: other }) as WidgetItem;
    expect((one.widget.children as readonly Component[])[1]).toBe(other);
    const root = updated(widget, { type: "widget.root.updated", widget: { type: "Card", children: [] } }) as WidgetItem;
    expect(root.widget).toEqual({ type: "Card", children: [] });
  });

  it("add and change tasks in their places", () => {
    const workflow: WorkflowItem = { ...BASE, id: "wf", type: "workflow", workflow: { tasks: [{ type: "custom", title: "a" }] } };
    let item = updated(workflow, { type: "workflow.task.added", task_index: 1, task: { type: "custom", title: "b" } });
    item = updated(item, { type: "workflow.task.updated", task_index: 0, task: { type: "custom", title: "A" } });
    expect((item as WorkflowItem).workflow.tasks.map((task) => task.title)).toEqual(["A", "b"]);
  });

  it("of one kind of item are nothing to another", () => {
    for (const type of ["widget.root.updated", "workflow.task.added", "generated_image.updated"])
      expect(updated(message("m1", "a"), { type, task_index: 0 })).toEqual(message("m1", "a"));
  });
});
