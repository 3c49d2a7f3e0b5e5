import { describe, expect, it, vi } from "vitest";
import { colorOf, type Use } from "../src/widgets/colors";
import { flexOf, distanceOf, ratioOf, sizeOf } from "../src/widgets/lengths";
import { imageUrl } from "../src/widgets/urls";
import { all, carded, mounted, one, type Json } from "./widgets";

vi.mock("../src/widgets/chart", () => ({})); // a canvas, which jsdom has not

const MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
const TEXTS = [
  "javascript:window.hit=1",
  " JaVaScRiPt:window.hit=1",
  "java\nscript:window.hit=1",
  "vbscript:x",
  "data:text/html,<script>window.hit=1</script>",
  "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=",
  "url(https://evil.example/a.png)",
  "red;background:url(https://evil.example/a)",
  "red url(https://evil.example/a)",
  "image-set('https://evil.example/a' 1x)",
  "expression(alert(1))",
  "rgb(1,2,3);position:fixed",
  "rgb(var(--x))",
  "var(--ck-text, url(https://evil.example/a))",
  "calc(1px + url(x))",
  "}</style>" + MARKUP,
  '"><svg onload=window.hit=1>',
  "\u202eevil\u0000",
  "x".repeat(10_000),
  "__proto__",
  "constructor",
  "toString",
];
const VALUES: readonly unknown[] = [
  ...TEXTS, 1e308, -1e308, Number.MAX_SAFE_INTEGER, -1, 0, true, false, null, undefined, [], {}, [[[]]], { light: {}, dark: [] },
  { light: "url(x)", dark: "url(y)" }, { top: "url(x)", x: { size: "1px;", color: "url(x)", style: "url(x)" } }, { type: "Card" },
];

const TYPES = [
  "Card", "ListView", "Basic", "Text", "Title", "Caption", "Markdown", "Badge", "Box", "Row", "Col", "Divider", "Icon", "Image",
  "ListViewItem", "Button", "Spacer", "Select", "DatePicker", "Checkbox", "RadioGroup", "Input", "Textarea", "Label", "Form",
  "Transition", "Table", "Table.Row", "Table.Cell", "Chart", "Unknown", "constructor", "__proto__", "toString", "",
];

const PROPERTIES = [
  "key", "id", "children", "value", "label", "name", "fieldName", "src", "alt", "status", "favicon", "icon", "iconStart", "iconEnd",
  "background", "color", "border", "padding", "margin", "gap", "width", "height", "size", "minSize", "maxSize", "radius", "flex",
  "aspectRatio", "fit", "position", "direction", "align", "justify", "wrap", "weight", "textAlign", "maxLines", "minLines", "editable",
  "streaming", "options", "placeholder", "defaultValue", "pattern", "inputType", "min", "max", "rows", "maxRows", "onClickAction",
  "onChangeAction", "onSubmitAction", "confirm", "cancel", "limit", "collapsed", "asForm", "theme", "data", "series", "xAxis", "spacing",
  "colSpan", "rowSpan", "vAlign", "colSize", "variant", "iconSize", "ariaLabel", "barGap",
];

// Lit's own sheets are style elements where sheets cannot be adopted: children of the shadow root itself
const FORBIDDEN = "script, iframe, object, embed, * > style, link, meta, base, a, frame, template[shadowroot], svg [onload]";

/** Whatever in the tree could run something or load something from elsewhere. */
function dangers(root: ParentNode): readonly string[] {
  const found = [...root.querySelectorAll(FORBIDDEN)].map(({ localName }) => localName);
  for (const element of root.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`${element.localName} ${name}`);
      if (name === "style" && /url\(|expression|image-set|javascript|@import/i.test(value)) found.push(`style ${value.slice(0, 80)}`);
      if (/^(?:src|href|action|formaction|srcset|xlink:href)$/.test(name) && !imageUrl(value)) found.push(`${name} ${value.slice(0, 80)}`);
    }
    if (element.shadowRoot) found.push(...dangers(element.shadowRoot));
  }
  return found;
}

const base = (type: string): Json => ({
  type, name: "n", value: "v", label: "l", src: "/a.png", fieldName: "n", children: [{ type: "Text", value: "c" }], options: [{ value: "a", label: "A" }],
});

describe("hostile values", () => {
  it.each(TYPES)("in any property of %j are no error and put nothing dangerous in the tree", async (type) => {
    // every property has every value once, each among others
    const siblings = VALUES.map((_, index) => ({
      ...base(type),
      ...Object.fromEntries(PROPERTIES.map((property, place) => [property, VALUES[(index + place) % VALUES.length]])),
    }));
    const widget = await mounted({ type: "Basic", children: siblings });
    expect(dangers(widget.shadowRoot as ShadowRoot)).toEqual([]);
    expect((globalThis as Record<string, unknown>).hit).toBeUndefined();
  });

  it.each(VALUES)("as the root itself are no error (%#)", async (value) => {
    const widget = await mounted(value as Json);
    expect(dangers(widget.shadowRoot as ShadowRoot)).toEqual([]);
  });

  it("show markup as text", async () => {
    const widget = await carded({ type: "Text", value: MARKUP }, { type: "Badge", label: MARKUP });
    expect(one(widget, ".text").textContent).toBe(MARKUP);
    expect(one(widget, ".badge").textContent).toBe(MARKUP);
  });

  it("may be nested sixty deep, and far deeper is cut off", async () => {
    const nested = (depth: number): Json => (depth === 0 ? { type: "Text", value: "bottom" } : { type: "Box", children: [nested(depth - 1)] });
    expect(all(await carded(nested(60)), ".text").length).toBe(1);
    expect(all(await carded(nested(5000)), ".text").length).toBe(0);
  });
});

describe("colors", () => {
  it.each<[unknown, Use, string]>([
    ["red", "text", "red"],
    ["#1a2b3c", "text", "#1a2b3c"],
    ["#FFF", "surface", "#fff"],
    ["rgb(1 2 3 / 50%)", "text", "rgb(1 2 3 / 50%)"],
    ["rgba(1, 2, 3, 0.5)", "text", "rgba(1, 2, 3, 0.5)"],
    ["oklch(0.7 0.1 120deg)", "text", "oklch(0.7 0.1 120deg)"],
    ["secondary", "text", "var(--ck-text-secondary)"],
    ["secondary", "surface", "var(--ck-surface-sunken)"],
    ["danger", "surface", "var(--ck-danger-soft)"],
    ["surface-tertiary", "surface", "var(--ck-hover)"],
    ["strong", "line", "var(--ck-border-strong)"],
    ["blue-500", "text", "color-mix(in oklab, #0285ff 100%, white)"],
    ["blue-900", "text", "color-mix(in oklab, #0285ff 33%, black)"],
    ["alpha-10", "surface", "color-mix(in srgb, var(--ck-text) 10%, transparent)"],
    [{ light: "#000", dark: "#fff" }, "text", "light-dark(#000, #fff)"],
    [{ light: "#000" }, "text", "#000"],
    [{ light: "url(x)", dark: "white" }, "text", "white"],
  ])("%j on %s is %s", (value, use, css) => {
    expect(colorOf(value, use)).toBe(css);
  });

  it.each(VALUES.filter((value) => !["__proto__", "constructor", "toString"].includes(String(value))))("nothing else passes (%#)", (value) => {
    for (const use of ["text", "surface", "line"] as const) expect(colorOf(value, use)).toBeUndefined();
  });
});

describe("lengths", () => {
  it.each<[(value: unknown) => string | undefined, unknown, string | undefined]>([
    [sizeOf, 40, "40px"],
    [sizeOf, "50%", "50%"],
    [sizeOf, "1.5rem", "1.5rem"],
    [sizeOf, "24", "24px"],
    [sizeOf, 1e308, "10000px"],
    [sizeOf, -4, "0px"],
    [sizeOf, "fit-content", "fit-content"],
    [sizeOf, "px", undefined],
    [distanceOf, 2, "calc(2 * var(--ck-space))"],
    [distanceOf, 0, "0px"],
    [distanceOf, "8px", "8px"],
    [flexOf, 1, "1 1 0%"],
    [flexOf, "auto", "auto"],
    [flexOf, "1 1 auto", "1 1 auto"],
    [ratioOf, 1.5, "1.5"],
    [ratioOf, "16 / 9", "16 / 9"],
    [ratioOf, "16:9", undefined],
  ])("%o of %j is %s", (read, value, css) => {
    expect(read(value)).toBe(css);
  });

  it.each(TEXTS)("nothing else passes (%#)", (text) => {
    expect([sizeOf(text), distanceOf(text), flexOf(text), ratioOf(text)]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("addresses of images", () => {
  it.each(["https://a.example/b.png", "http://a.example/b", "//a.example/b.png", "/files/1", "a.png", "data:image/png;base64,AAAA", "data:image/webp;base64,AA=="])(
    "%s may be loaded",
    (url) => expect(imageUrl(url)).toBe(url),
  );

  it.each(["data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", "blob:https://a/1", "file:///etc/passwd", "ftp://a/b", "about:blank", "http://", "javascript:1"])(
    "%s may not",
    (url) => expect(imageUrl(url)).toBeUndefined(),
  );
});
