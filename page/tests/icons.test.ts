import type { ChatKitIcon, HeaderIcon } from "@openai/chatkit";
import { describe, expect, it } from "vitest";
import options from "../node_modules/@openai/chatkit/types/index.d.ts?raw";
import widgets from "../node_modules/@openai/chatkit/types/widgets.d.ts?raw";
import "../src/icons/icon";
import type { Icon } from "../src/icons/icon";
import { lucideShape } from "../src/icons/lucide";
import { SHAPES, type IconName } from "../src/icons/shapes";

type WidgetIcon = import("@openai/chatkit").Widgets.Icon["name"];
type Published = Exclude<ChatKitIcon, `lucide:${string}`> | HeaderIcon | WidgetIcon;

/** Does not compile when the published types know a name that has no shape here. */
const known = (name: Published): IconName => name;

async function mounted(name: string): Promise<Icon> {
  const icon = document.createElement("ck-icon");
  icon.name = name;
  document.body.append(icon);
  await icon.updateComplete;
  return icon;
}

const outlines = (icon: Icon) => [...(icon.shadowRoot?.querySelectorAll("svg > *") ?? [])];

function publishedNames(): string[] {
  const unions = [...(options + widgets).matchAll(/export type (?:ChatKitIcon|HeaderIcon|WidgetIcon) =([^;]+);/g)];
  return unions.flatMap(([, union]) => [...(union ?? "").matchAll(/'([^']+)'/g)].map((name) => name[1] ?? ""));
}

describe("icons", () => {
  it("has a shape for every name of the published types", () => {
    const names = publishedNames();
    expect(names.length).toBeGreaterThan(160);
    expect(names.filter((name) => !Object.hasOwn(SHAPES, name))).toEqual([]);
    expect(known("bolt")).toBe("bolt");
  });

  it.each(Object.keys(SHAPES))("draws %s", async (name) => {
    const icon = await mounted(name);
    expect(outlines(icon).length).toBe(SHAPES[name]?.length);
    expect(icon.getAttribute("aria-hidden")).toBe("true");
    icon.remove();
  });

  it("draws outlines in the namespace of SVG, with their attributes and no others", async () => {
    const [first] = outlines(await mounted("empty-circle"));
    expect(first?.namespaceURI).toBe("http://www.w3.org/2000/svg");
    expect(first?.outerHTML.replace(/<!--.*?-->/g, "")).toBe('<circle cx="12" cy="12" r="10"></circle>');
  });

  it("follows a change of its name", async () => {
    const icon = await mounted("star");
    icon.name = "check";
    await icon.updateComplete;
    expect(outlines(icon)[0]?.getAttribute("d")).toBe(SHAPES.check?.[0]?.[1].d);
  });

  it.each(["", "unknown", "vendor:logo", "lucide:", "lucide:no-such-icon", "toString", "__proto__"])(
    "draws nothing for %j",
    async (name) => {
      const icon = await mounted(name);
      await import("../src/icons/lucide");
      await icon.updateComplete;
      expect(icon.shadowRoot?.querySelector("svg")).toBeNull();
    },
  );

  it("draws any icon of Lucide once all of them are loaded", async () => {
    const icon = await mounted("lucide:anchor");
    await expect.poll(() => outlines(icon).length).toBeGreaterThan(0);
  });

  it("finds every icon of Lucide by the name of its site, in outlines that it can draw", () => {
    const files = Object.keys(import.meta.glob("../node_modules/lucide/dist/esm/icons/*.mjs"));
    const names = files.map((path) => /([^/]+)\.mjs$/.exec(path)?.[1] ?? "");
    expect(names.length).toBeGreaterThan(1000);
    expect(names.filter((name) => lucideShape(name) === undefined)).toEqual([]);
    const tags = new Set(names.flatMap((name) => lucideShape(name)?.map(([tag]) => tag)));
    const drawable = ["path", "circle", "ellipse", "rect", "line", "polyline", "polygon"];
    expect([...tags].filter((tag) => tag === undefined || !drawable.includes(tag))).toEqual([]);
  });
});
