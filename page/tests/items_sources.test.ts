import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { entityOfSource, entityOfTag, type EntityChosen, type PreviewAsked } from "../src/items/entity";
import "../src/items/entity_chip";
import { numbered } from "../src/items/numbered";
import "../src/items/sources";
import { numbered as numbersInText } from "../src/markdown/citations";
import type { Annotation, Source } from "../src/protocol";
import { heard, mounted, root, said } from "./items_mount";

const PAGE: Source = { type: "url", title: "Tides", url: "https://www.tides.example/a", attribution: "Harbour Office", timestamp: "2025-03-04" };
const FILE: Source = { type: "file", title: "Manual", filename: "manual.pdf", description: "How it works" };
const SHIP: Source = { type: "entity", id: "ship_1", title: "Ship", interactive: true, data: { berth: "4" }, icon: "compass" };

const cite = (source: unknown, index: number | null = 3) => ({ type: "annotation", source, index }) as Annotation;
const summary = (list: readonly Annotation[]) => numbered(list).map(({ source, number }) => [source.title, number]);

async function opened(...annotations: unknown[]) {
  const element = await mounted("ck-sources", { annotations });
  root(element).querySelector("button")?.click();
  await element.updateComplete;
  return element;
}

describe("numbers of sources", () => {
  it("follow the first citation in the array, one for each source", () => {
    const again = { ...PAGE, title: "The same page" };
    expect(summary([cite(FILE, 90), cite(PAGE, 10), cite(again, 5), cite(SHIP, 1), cite(FILE, 2)])).toEqual([
      ["Manual", 1],
      ["Tides", 2],
      ["Ship", 3],
    ]);
  });

  it("are those of the marks in the text", () => {
    const list = [cite(FILE, null), cite(SHIP, 4), cite(PAGE, 2), cite(SHIP, 0)];
    const marks = numbersInText(list);
    for (const { number, annotations } of numbered(list))
      for (const annotation of annotations) expect(marks[list.indexOf(annotation)]).toBe(number);
  });

  it("tell sources of different types apart", () => {
    const same = { type: "entity", id: "x", title: "E" } as Source;
    expect(numbered([cite(same), cite({ type: "file", filename: "x", title: "F" })])).toHaveLength(2);
  });

  it.each([null, undefined, 3, "x", [null, 3, {}, { source: null }, { source: "x", index: 1 }]])("there are none in %j", (list) => {
    expect(numbered(list as unknown as Annotation[])).toEqual([]);
  });
});

describe("sources", () => {
  it("are folded, and counted", async () => {
    const element = await mounted("ck-sources", { annotations: [cite(PAGE), cite(PAGE), cite(FILE)] });
    expect(said(element)).toBe("Sources 2");
    expect(root(element).querySelector("button")?.getAttribute("aria-expanded")).toBe("false");
  });

  it("say what is known of them", async () => {
    const element = await opened(cite(PAGE), cite(FILE));
    const rows = [...root(element).querySelectorAll("li")].map((row) => row.textContent?.replace(/\s+/g, " ").trim());
    expect(rows).toEqual(["1 Tides (opens in a new tab) Harbour Office · tides.example · Mar 4, 2025", "2 Manual manual.pdf How it works"]);
    expect(root(element).querySelector("a")?.href).toBe("https://www.tides.example/a");
  });

  it("stand in their groups", async () => {
    const element = await opened(cite({ ...PAGE, group: "Web" }), cite(FILE), cite({ ...SHIP, group: "Web" }));
    expect([...root(element).querySelectorAll("ol")].map((list) => [list.ariaLabel ?? list.getAttribute("aria-label"), list.children.length])).toEqual([
      ["Sources", 1],
      ["Web", 2],
    ]);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "//", "no address", 3, null])("do not lead to %j", async (url) => {
    const element = await opened(cite({ type: "url", title: "<b>Bad</b>", url }));
    expect(root(element).querySelector("a")).toBeNull();
    expect(root(element).querySelector(".title")?.textContent).toBe("<b>Bad</b>");
  });

  it("are buttons where they are things that can be chosen", async () => {
    const element = await opened(cite(SHIP), cite({ ...SHIP, id: "ship_2", interactive: false }));
    const chosen = heard<EntityChosen>(element, "ck-entity");
    const buttons = root(element).querySelectorAll<HTMLButtonElement>("button.source");
    expect(buttons).toHaveLength(1);
    buttons[0]?.click();
    expect(chosen).toEqual([
      { entity: { id: "ship_1", title: "Ship", icon: "compass", interactive: true, data: { berth: "4" } } },
    ]);
  });

  it("are opened and found from the marks in the text", async () => {
    const annotations = [cite(PAGE), cite(FILE), cite(SHIP), cite(FILE, 9)];
    const element = await mounted("ck-sources", { annotations });
    await element.reveal(annotations[3]!);
    expect(root(element).activeElement?.textContent).toContain("Manual");
    await element.reveal(cite(PAGE)); // of another answer
    expect(root(element).activeElement?.textContent).toContain("Manual");
  });

  it.each([{}, { type: "cloud" }, { type: "entity", interactive: true }, { type: "url", title: 3, timestamp: {} }])(
    "are no error where one is %j",
    async (source) => {
      expect(said(await opened(cite(source)))).toContain("Sources 1");
    },
  );
});

describe("an entity", () => {
  it("comes from a mention as it does from a source", () => {
    const tag = { type: "input_tag", id: "ship_1", text: "Ship", interactive: true, data: { berth: "4" } };
    expect(entityOfTag(tag)).toEqual({ id: "ship_1", title: "Ship", interactive: true, data: { berth: "4" } });
    expect(entityOfSource({ type: "entity", title: "E", data: "x" as never })).toEqual({ id: "", title: "E", interactive: false, data: {} });
  });

  it("is a button only where it can be chosen", async () => {
    const plain = await mounted("ck-entity-chip", { entity: { id: "a", title: "<b>Anna</b>" } });
    expect(said(plain)).toBe("<b>Anna</b>");
    expect(root(plain).querySelector("button")).toBeNull();
    const entity = { id: "a", title: "Anna", interactive: true };
    const chip = await mounted("ck-entity-chip", { entity });
    const chosen = heard<EntityChosen>(chip, "ck-entity");
    root(chip).querySelector("button")?.click();
    expect(chosen).toEqual([{ entity }]);
  });

  it.each([null, {}, { title: 3 }])("is nothing where it is %j", async (entity) => {
    expect(said(await mounted("ck-entity-chip", { entity }))).toBe("");
  });
});

describe("a preview", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const WIDGET = { type: "Card", children: [] };

  async function chip() {
    const element = await mounted("ck-entity-chip", { entity: { id: "a", title: "Anna", interactive: true } });
    const preview = root(element).querySelector("ck-preview");
    if (preview === null) throw new Error("no preview");
    return { preview, asked: heard<PreviewAsked>(element, "ck-preview") };
  }

  const point = (target: Element, type: string) => {
    target.dispatchEvent(new Event(type));
    vi.advanceTimersByTime(1000);
  };
  const box = (target: Element) => root(target).querySelector(".preview");

  it("is asked for while the pointer rests, and shown when there is one", async () => {
    const { preview, asked } = await chip();
    preview.dispatchEvent(new Event("pointerenter"));
    vi.advanceTimersByTime(100);
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(asked[0]?.entity.id).toBe("a");
    expect(box(preview)).toBeNull();
    asked[0]?.show(WIDGET);
    await preview.updateComplete;
    expect(box(preview)?.querySelector("ck-widget")).toHaveProperty("root", WIDGET);
    expect(box(preview)?.getAttribute("aria-label")).toBe("Preview of Anna");
  });

  it("goes when the pointer leaves, and with Escape, and not before", async () => {
    const { preview, asked } = await chip();
    point(preview, "pointerenter");
    asked[0]?.show(WIDGET);
    preview.dispatchEvent(new Event("pointerleave"));
    vi.advanceTimersByTime(100);
    point(preview, "pointerenter"); // on its way to the preview
    await preview.updateComplete;
    expect(box(preview)).not.toBeNull();
    const key = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
    document.dispatchEvent(key);
    await preview.updateComplete;
    expect(box(preview)).toBeNull();
    point(preview, "pointerenter");
    asked[1]?.show(WIDGET);
    point(preview, "pointerleave");
    await preview.updateComplete;
    expect(box(preview)).toBeNull();
  });

  it("is not shown when it comes too late, or when there is none", async () => {
    const { preview, asked } = await chip();
    point(preview, "pointerenter");
    asked[0]?.show(null);
    point(preview, "pointerleave");
    asked[0]?.show(WIDGET);
    await preview.updateComplete;
    expect(box(preview)).toBeNull();
  });
});
