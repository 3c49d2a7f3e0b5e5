import { describe, expect, it } from "vitest";
import { mounted, all, one } from "./widgets";

describe("a widget", () => {
  it("draws a card with its children", async () => {
    const widget = await mounted({ type: "Card", children: [{ type: "Title", value: "Hello" }, { type: "Text", value: "World" }] });
    expect(one(widget, ".card h3").textContent?.trim()).toBe("Hello");
    expect(one(widget, ".card p").textContent).toBe("World");
  });

  it("draws the children of what it does not know, and nothing for what has none", async () => {
    const widget = await mounted({ type: "Card", children: [{ type: "Orbit", children: { type: "Text", value: "in" } }, { type: "Void" }] });
    expect(all(widget, ".card-body > *").length).toBe(1);
    expect(one(widget, ".card-body").textContent?.trim()).toBe("in");
  });
});
