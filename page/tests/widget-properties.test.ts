import { describe, expect, it, vi } from "vitest";
import published from "../node_modules/@openai/chatkit/types/widgets.d.ts?raw";
import { mounted, type Json } from "./widgets";

vi.mock("../src/widgets/chart", () => ({})); // a canvas, which jsdom has not

const ACTION = { type: "act" };
const CHILD = { type: "Text", value: "child" };

const BLOCK = {
  flex: 1, height: 40, width: "50%", size: 30, minHeight: 10, minWidth: 11, minSize: 12, maxHeight: 400, maxWidth: 500,
  maxSize: 600, aspectRatio: "16/9", radius: "lg", margin: 2,
};
const BOX = {
  ...BLOCK, children: [CHILD], align: "end", justify: "between", wrap: "wrap", gap: 3, padding: { x: 2 }, border: { top: 1 },
  background: "#ff0000",
};
const TEXT = { value: "words", color: "danger", weight: "bold", textAlign: "center", truncate: true, maxLines: 2 };
const FIELD = { name: "other", disabled: true };
const CONTROL = { ...FIELD, placeholder: "Say", variant: "soft", size: "xl", pill: true };
const PICKER = { ...CONTROL, block: true, clearable: true, defaultValue: "2026-02-03" };
const TYPED = {
  ...CONTROL, required: true, pattern: "[a-z]+", allowAutofillExtensions: true, autoFocus: true, gutterSize: "xl", defaultValue: "given",
};

interface Case {
  /** What the component has in any case. */
  readonly base?: object;
  /** A value for each property that has to change what is drawn. */
  readonly properties: object;
  /** Where the component has to stand to be drawn as itself. */
  readonly inside?: (component: Json) => Json;
}

const inCard = (component: Json): Json => ({ type: "Card", children: [component] });
const asRoot = (component: Json): Json => component;
const inRow = (cell: Json): Json => inCard({ type: "Table", children: [{ type: "Table.Row", children: [cell] }] });

const CASES: Readonly<Record<string, Case>> = {
  Basic: { inside: asRoot, properties: { children: [CHILD], gap: 3, padding: 2, align: "center", justify: "end", direction: "row" } },
  Card: {
    inside: asRoot,
    properties: {
      asForm: true, children: [CHILD], background: "red", border: 2, size: "lg", padding: 1, status: { text: "Done" }, collapsed: true,
      confirm: { label: "Yes", action: ACTION }, cancel: { label: "No", action: ACTION },
    },
  },
  ListView: {
    inside: asRoot,
    base: { children: Array.from({ length: 9 }, () => ({ type: "ListViewItem", children: [CHILD] })) },
    properties: { children: [], limit: "auto", status: { text: "Found", icon: "search" } },
  },
  ListViewItem: { properties: { children: [CHILD], onClickAction: ACTION, gap: 1, align: "start" } },
  Box: { properties: { ...BOX, direction: "row" } },
  Row: { properties: BOX },
  Col: { properties: BOX },
  Form: { properties: { ...BOX, direction: "row" } },
  Spacer: { properties: { minSize: 20 } },
  Divider: { properties: { color: "danger", size: 2, spacing: 3, flush: true } },
  Transition: { properties: { children: CHILD } },
  Title: { base: { value: "-" }, properties: { ...TEXT, size: "4xl" } },
  Caption: { base: { value: "-" }, properties: { ...TEXT, size: "lg" } },
  Text: {
    base: { value: "-" },
    properties: {
      ...TEXT, streaming: true, italic: true, lineThrough: true, width: 80, size: "xl", minLines: 3, editable: { name: "field" },
    },
  },
  Badge: { properties: { label: "new", color: "danger", variant: "solid", size: "lg", pill: true } },
  Markdown: { properties: { value: "**words**", streaming: true } },
  Icon: { properties: { name: "star", color: "danger", size: "xl" } },
  Image: {
    base: { src: "/a.png" },
    properties: { ...BLOCK, src: "/b.png", alt: "A b", frame: true, fit: "contain", position: "top left", flush: true, background: "red" },
  },
  Button: {
    base: { label: "-" },
    properties: {
      submit: true, label: "Go", iconStart: "star", iconEnd: "star", style: "primary", iconSize: "2xl", color: "danger", variant: "ghost",
      size: "3xl", pill: true, uniform: true, block: true, disabled: true,
    },
  },
  "Table.Cell": {
    inside: inRow,
    properties: { children: [CHILD], width: 50, padding: { x: 1 }, colSpan: 2, rowSpan: 2, align: "end", vAlign: "start", colSize: "lg" },
  },
  "Table.Row": { inside: (row) => inCard({ type: "Table", children: [row] }), properties: { children: [CHILD], header: true } },
  Table: { properties: { children: [CHILD] } },
  Input: { base: { name: "n" }, properties: { ...TYPED, inputType: "email" } },
  Textarea: { base: { name: "n" }, properties: { ...without(TYPED, "pill"), rows: 7, autoResize: true, maxRows: 9 } },
  Select: { base: { name: "n", defaultValue: "a", options: [{ value: "a" }] }, properties: { ...PICKER, options: [{ value: "b", label: "B" }] } },
  DatePicker: {
    base: { name: "n", defaultValue: "2026-01-01" },
    properties: { ...PICKER, min: "2026-01-01T00:00:00Z", max: "2026-12-31", side: "top", align: "end" },
  },
  Checkbox: { base: { name: "n" }, properties: { ...FIELD, label: "Yes", required: true, defaultChecked: true } },
  RadioGroup: {
    base: { name: "n", options: [{ value: "a", label: "A" }] },
    properties: { ...FIELD, options: [], ariaLabel: "Pick", defaultValue: "a", direction: "row", required: true },
  },
  Label: {
    inside: (label) => ({ type: "Card", children: [label, { type: "Input", name: "g" }] }),
    base: { value: "-", fieldName: "f" },
    properties: { value: "Name", fieldName: "g", size: "xl", weight: "bold", textAlign: "end", color: "danger" },
  },
  Chart: {
    base: { data: [{ x: "a", y: 1 }], series: [{ type: "bar", dataKey: "y", label: "Y" }], xAxis: "x" },
    properties: { ...without(BLOCK, "radius", "margin"), data: [{ x: "b", y: 2 }], series: [], xAxis: "y" },
  },
};

/** Tested elsewhere: they are heard, or part of properties a field has, rather than seen. */
const UNSEEN = ["type", "key", "id", "onChangeAction", "onSubmitAction", "autoSelect", "theme", "streaming"];
const HEARD_BUTTON = ["onClickAction"];

function without(values: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

/** What is drawn, as markup with styles and with the state that fields have beside their attributes. */
async function drawn(component: Json, inside = inCard): Promise<string> {
  const widget = await mounted(inside(component));
  const fields = [...(widget.shadowRoot?.querySelectorAll<HTMLInputElement>("input, select, textarea") ?? [])];
  const markup = widget.shadowRoot?.innerHTML.replace(/<!--.*?-->/g, "").replaceAll(/\bc\d+\b/g, "");
  const inner = [...(widget.shadowRoot?.querySelectorAll("ck-markdown, ck-icon") ?? [])].map((each) => ("text" in each ? each.text : "name" in each ? each.name : ""));
  return `${markup} ${inner.join()} ${fields.map(({ value, checked, id, labels }) => `${value} ${checked} ${id && labels?.length}`).join()}`;
}

const WRONG: readonly unknown[] = [null, true, -1, 1e308, NaN, "x;y", [], [[1]], {}, { type: "Text" }, { light: 1 }];

const EACH = Object.entries(CASES).flatMap(([type, { properties, ...rest }]) =>
  Object.entries(properties).map(([property, value]) => ({ type, property, value: value as unknown, ...rest })),
);

describe("properties", () => {
  it.each(EACH)("$type: $property is seen", async ({ type, property, value, base, inside }) => {
    const before = await drawn({ type, ...base }, inside);
    const after = await drawn({ type, ...base, [property]: value }, inside);
    expect(after).not.toBe(before);
  });

  it.each(EACH)("$type: $property of another type is no error", async ({ type, property, base, inside = inCard }) => {
    const children = WRONG.map((wrong) => inside({ type, ...base, [property]: wrong }));
    const widget = await mounted({ type: "Basic", children });
    expect(widget.shadowRoot?.querySelector(".basic")).not.toBeNull();
  });

  it("covers what the published types say of each component", () => {
    const missing = publishedProperties().filter(({ type, property }) => {
      const isSeen = Object.hasOwn(CASES[type]?.properties ?? {}, property);
      return !isSeen && !UNSEEN.includes(property) && !(HEARD_BUTTON.includes(property) && type === "Button");
    });
    expect(missing).toEqual([]);
  });
});

interface Published {
  readonly type: string;
  readonly property: string;
}

/** The properties of each component in the published declarations, those of the types they are made from included. */
function publishedProperties(): readonly Published[] {
  const bodies = new Map([...published.matchAll(/type (\w+) =\s*\{\n([\s\S]*?)\n\}([^;]*);/g)].map(([, name = "", body = "", more = ""]) => [name, { body, more }]));
  const properties = (name: string): readonly string[] => {
    const { body = "", more = "" } = bodies.get(name) ?? {};
    const own = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, property = ""]) => property);
    const picked = [...more.matchAll(/Pick<\w+, ([^>]+)>/g)].flatMap(([, names = ""]) => [...names.matchAll(/'(\w+)'/g)].map(([, each = ""]) => each));
    const inherited = more.includes("Pick<") ? [] : [...more.matchAll(/& (\w+)/g)].flatMap(([, base = ""]) => properties(base));
    return [...own, ...picked, ...inherited];
  };
  return [...bodies].flatMap(([name, { body }]) => {
    const type = /^ {2}type: '([\w.]+)'/m.exec(body)?.[1];
    return type === undefined ? [] : [...new Set(properties(name))].map((property) => ({ type, property }));
  });
}
