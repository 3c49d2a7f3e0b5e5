import { describe, expect, it } from "vitest";
import { durationText } from "../src/items/duration";
import "../src/items/workflow";
import type { Task, Workflow } from "../src/protocol";
import { mounted, root } from "./items_mount";

const BASE = { thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z" };

function workflowItem(workflow: Partial<Workflow>, id = "wf_1") {
  return { ...BASE, id, type: "workflow" as const, workflow: { type: "reasoning" as const, tasks: [], ...workflow } };
}

const shown = (workflow: Partial<Workflow>, running = false) =>
  mounted("ck-workflow", { item: workflowItem(workflow), running });

const task = (fields: object) =>
  mounted("ck-task", { item: { ...BASE, id: "tsk_1", type: "task", task: fields } });

const button = (element: Element) => root(element).querySelector<HTMLButtonElement>("button");
const isOpen = (element: Element) => button(element)?.getAttribute("aria-expanded") === "true";
const words = (element: Element) => root(element).querySelector(".words")?.textContent?.trim();
const tasksOf = (element: Element) => [...root(element).querySelectorAll("ck-task")];
const THOUGHT: Task = { type: "thought", content: "First, look." };

describe("durations", () => {
  it.each([
    [1, "1 second"],
    [12, "12 seconds"],
    [65, "1 minute, 5 seconds"],
    [120, "2 minutes"],
    [3725, "1 hour, 2 minutes"],
  ])("says %d seconds as %s", (seconds, said) => {
    expect(durationText(seconds, "en")).toBe(said);
  });

  it("follows the plurals of the language", () => {
    expect([1, 2, 5].map((seconds) => durationText(seconds, "pl"))).toEqual(["1 sekunda", "2 sekundy", "5 sekund"]);
  });
});

describe("a workflow", () => {
  it.each<[Partial<Workflow>, boolean, string]>([
    [{ summary: { duration: 12 } }, false, "Thought for 12 seconds"],
    [{ type: "custom", summary: { duration: 60 } }, false, "Worked for 1 minute"],
    [{ summary: { duration: 0 } }, false, "Thought for a moment"],
    [{ summary: { title: "Looked around", duration: 3 } }, false, "Looked around"],
    [{}, true, "Thinking…"],
    [{ type: "custom" }, true, "Working…"],
    [{}, false, "Thoughts"],
    [{ summary: { duration: "x" as unknown as number } }, false, "Thoughts"],
  ])("is summed up: %j, running %s: %s", async (workflow, running, said) => {
    expect(words(await shown(workflow, running))).toBe(said);
  });

  it("is open while it runs, and folds when it is done", async () => {
    const element = await shown({ tasks: [THOUGHT] }, true);
    expect(isOpen(element)).toBe(true);
    element.running = false;
    await element.updateComplete;
    expect(isOpen(element)).toBe(false);
  });

  it("stays open where the server wants it", async () => {
    expect(isOpen(await shown({ tasks: [THOUGHT], expanded: true }))).toBe(true);
  });

  it("does as the reader chose, whatever comes later", async () => {
    const element = await shown({ tasks: [THOUGHT] }, true);
    button(element)?.click();
    element.item = workflowItem({ tasks: [THOUGHT, THOUGHT], expanded: true });
    await element.updateComplete;
    expect(isOpen(element)).toBe(false);
    button(element)?.click();
    element.running = false;
    element.item = workflowItem({ tasks: [THOUGHT], expanded: false });
    await element.updateComplete;
    expect(isOpen(element)).toBe(true);
  });

  it("forgets the choice for another item", async () => {
    const element = await shown({ tasks: [THOUGHT] });
    button(element)?.click();
    element.item = workflowItem({ tasks: [THOUGHT] }, "wf_2");
    await element.updateComplete;
    expect(isOpen(element)).toBe(false);
  });

  it("draws its tasks only once somebody opens it", async () => {
    const element = await shown({ tasks: [THOUGHT] });
    expect(tasksOf(element)).toHaveLength(0);
    button(element)?.click();
    await element.updateComplete;
    expect(tasksOf(element)).toHaveLength(1);
  });

  it("is no button without tasks", async () => {
    expect(button(await shown({ summary: { duration: 3 } }))).toBeNull();
  });

  it("draws only the task again that has changed", async () => {
    const first: Task = { type: "custom", title: "one" };
    const element = await shown({ tasks: [first, THOUGHT] }, true);
    const [one, two] = tasksOf(element);
    await Promise.all([one?.updateComplete, two?.updateComplete]);
    const drawn: (Element | undefined)[] = [];
    for (const each of [one, two]) each?.addController({ hostUpdated: () => drawn.push(each) });
    element.item = workflowItem({ tasks: [first, { ...THOUGHT, content: "First, look. Then" }] });
    await element.updateComplete;
    await Promise.all([one?.updateComplete, two?.updateComplete]);
    expect(drawn).toEqual([two]);
  });

  it.each([undefined, null, 3, {}, { tasks: null }, { tasks: [null, 3, {}] }])("is no error where it is %j", async (workflow) => {
    const element = await mounted("ck-workflow", { item: { ...BASE, id: "wf_1", type: "workflow", workflow }, running: true });
    expect(tasksOf(element).length).toBeLessThan(2);
  });
});

describe("a task", () => {
  const title = (element: Element) => root(element).querySelector(".title")?.textContent;
  const prose = (element: Element) => (root(element).querySelector("ck-markdown") as { text?: string } | null)?.text;

  it("has its title, icon and text", async () => {
    const element = await task({ type: "custom", title: "Read <b>it</b>", icon: "book-open", content: "*Well*" });
    expect(title(element)).toBe("Read <b>it</b>");
    expect(prose(element)).toBe("*Well*");
    expect(root(element).querySelector(".mark ck-icon")).toHaveProperty("name", "book-open");
  });

  it.each([
    [{ type: "web_search", title_query: "tides" }, "Searched for “tides”"],
    [{ type: "web_search", title_query: "tides", status_indicator: "loading" }, "Searching for “tides”…"],
    [{ type: "web_search" }, "Searched the web"],
    [{ type: "file" }, "Read files"],
    [{ type: "image", status_indicator: "loading" }, "Making an image…"],
    [{ type: "file", title: "Manuals" }, "Manuals"],
    [{ type: "dance", title: "Danced" }, "Danced"],
  ])("%j is called %s", async (fields, said) => {
    expect(title(await task(fields))).toBe(said);
  });

  it("says how it stands", async () => {
    const loading = root(await task({ type: "image", status_indicator: "loading" }));
    expect(loading.querySelector(".mark")?.textContent).toBe("In progress");
    expect(loading.querySelector(".spinner")).not.toBeNull();
    const done = root(await task({ type: "image", status_indicator: "complete" }));
    expect(done.querySelector(".mark")?.textContent).toBe("Done");
  });

  it("links the pages that a search found, and no other addresses", async () => {
    const sources = [
      { type: "url", title: "Tides", url: "https://tides.example/a" },
      { type: "url", title: "Bad", url: "javascript:alert(1)" },
      { type: "url", title: "Worse", url: "data:text/html,<script>1</script>" },
      { type: "url", title: "Broken", url: 3 },
    ];
    const element = await task({ type: "web_search", queries: ["tides", null, 3], sources });
    expect(root(element).querySelector(".queries")?.textContent?.trim()).toBe("tides");
    const chips = root(element).querySelector("ck-source-chips");
    await chips?.updateComplete;
    const links = [...(chips?.shadowRoot?.querySelectorAll("a") ?? [])];
    expect(links.map((link) => [link.href, link.rel])).toEqual([["https://tides.example/a", "noopener noreferrer nofollow"]]);
    expect(chips?.shadowRoot?.querySelectorAll("span.chip")).toHaveLength(3);
    expect(chips?.shadowRoot?.querySelector("img")).toBeNull();
  });

  it("shows the first eight sources, and the rest when asked", async () => {
    const sources = Array.from({ length: 11 }, (_, index) => ({ type: "file", title: "", filename: `${index}.txt` }));
    const chips = root(await task({ type: "file", sources })).querySelector("ck-source-chips");
    await chips?.updateComplete;
    const more = chips?.shadowRoot?.querySelector("button");
    expect(more?.textContent?.trim()).toBe("Show 3 more");
    more?.click();
    await chips?.updateComplete;
    expect(chips?.shadowRoot?.querySelectorAll(".chip")).toHaveLength(11);
  });

  it.each([{}, { type: "dance" }, { type: "thought" }, { type: "thought", content: 3 }])("%j is nothing", async (fields) => {
    expect(root(await task(fields)).querySelector(".task")).toBeNull();
  });

  it("is no error where fields are of other types", async () => {
    const element = await task({ type: "web_search", title: 3, queries: "x", sources: { length: 4 }, status_indicator: 7 });
    expect(title(element)).toBe("Searched the web");
  });
});
