import { beforeAll, describe, expect, it } from "vitest";
import { kindOf } from "../src/items/attachment";
import "../src/items/generated_image";
import { imageUrl, webUrl } from "../src/items/read";
import { mounted, root, said } from "./items_mount";

const PNG = "data:image/png;base64,iVBORw0KGgo=";
const HOSTILE = [
  "javascript:alert(1)",
  " JavaScript:alert(1)",
  "data:text/html,<script>1</script>",
  "data:image/svg+xml,<svg onload=alert(1)>",
  "vbscript:x",
  "blob:https://x.example/1",
  "file:///etc/passwd",
  "",
  null,
  undefined,
  7,
  {},
];

beforeAll(() => {
  // jsdom knows the element, not what it does
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});

const ITEM = { id: "msg_1", thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z", type: "generated_image" };

const image = (fields: object, running = false) =>
  mounted("ck-generated-image", { item: { ...ITEM, ...fields }, running });

const attachment = (fields: object) => mounted("ck-attachment", { attachment: { id: "atc_1", ...fields } });

describe("addresses", () => {
  it.each([PNG, "https://a.example/x.png", "http://a.example/x", "data:image/webp;base64,AA=="])("takes %s for an image", (url) => {
    expect(imageUrl(url)).toBe(url);
  });

  it("reads relative ones from the page", () => {
    expect(imageUrl("/files/1.png")).toBe(new URL("/files/1.png", document.baseURI).href);
  });

  it.each(HOSTILE)("takes %j for none", (url) => {
    expect(webUrl(url)).toBeNull();
    expect(imageUrl(url)).toBeNull();
  });
});

describe("a generated image", () => {
  it("says that it is being made", async () => {
    expect(said(await image({}, true))).toBe("Making an image…");
  });

  it("shows how far it is, on what there is of it", async () => {
    const element = await image({ image: { id: "i", url: PNG }, progress: 0.5 }, true);
    expect(root(element).querySelector(".partial img")?.getAttribute("src")).toBe(PNG);
    expect(root(element).querySelector("progress")?.value).toBe(0.5);
    expect(said(element)).toBe("50%");
    expect(root(element).querySelector("button")).toBeNull();
  });

  it("opens in full size, and gives the focus back", async () => {
    const element = await image({ image: { id: "ig_1", url: PNG } });
    const opener = root(element).querySelector("button");
    expect(root(element).querySelector("img")?.alt).toBe("Generated image");
    expect(root(element).querySelector("a")?.download).toBe("ig_1");
    opener?.click();
    const large = root(element).querySelector("ck-large-image");
    await large?.updateComplete;
    const dialog = large?.shadowRoot?.querySelector("dialog");
    expect(dialog?.open).toBe(true);
    expect(dialog?.querySelector("img")?.getAttribute("src")).toBe(PNG);
    dialog?.querySelector("button")?.click();
    await large?.updateComplete;
    expect(large?.shadowRoot?.querySelector("dialog")).toBeNull();
    expect(element.shadowRoot?.activeElement).toBe(opener);
  });

  it.each(HOSTILE)("never loads %j", async (url) => {
    const element = await image({ image: { id: "i", url } });
    expect(root(element).querySelector("img, a")).toBeNull();
    expect(said(element)).toBe("No image was made.");
  });

  it("says that it could not be loaded", async () => {
    const element = await image({ image: { id: "i", url: "https://a.example/gone.png" } });
    root(element).querySelector("img")?.dispatchEvent(new Event("error"));
    await element.updateComplete;
    expect(said(element)).toBe("The image could not be loaded.");
  });

  it.each([null, 3, "x", { image: null }, { progress: "much" }])("is no error where it is %j", async (fields) => {
    expect(said(await image(Object(fields), true))).toBe("Making an image…");
  });
});

describe("an attachment", () => {
  it("is its preview where it is an image", async () => {
    const element = await attachment({ type: "image", name: "<b>cat</b>.png", preview_url: "https://a.example/cat" });
    expect(root(element).querySelector("img")?.src).toBe("https://a.example/cat");
    expect(root(element).querySelector("button")?.getAttribute("aria-label")).toBe("Open <b>cat</b>.png in full size");
  });

  it("is its name and kind where it is a file, or where its preview does not load", async () => {
    expect(said(await attachment({ type: "file", name: "plan.pdf", mime_type: "application/pdf" }))).toBe("plan.pdf PDF");
    const lost = await attachment({ type: "image", name: "cat.png", preview_url: "https://a.example/cat" });
    root(lost).querySelector("img")?.dispatchEvent(new Event("error"));
    await lost.updateComplete;
    expect(said(lost)).toBe("cat.png PNG");
  });

  it.each(["javascript:alert(1)", "data:text/html,x", undefined])("does not load %j", async (url) => {
    const element = await attachment({ type: "image", name: "cat.png", preview_url: url });
    expect(root(element).querySelector("img")).toBeNull();
    expect(said(element)).toBe("cat.png PNG");
  });

  it.each([{}, { name: 3, mime_type: {} }, { type: "cloud" }])("%j is a file without a name", async (fields) => {
    expect(said(await attachment(fields))).toBe("File");
  });

  it.each([
    ["notes", "text/plain", "PLAIN"],
    ["a.tar.gz", "application/gzip", "GZ"],
    ["x", "application/vnd.oasis.opendocument.text", ""],
  ])("%s of %s is of the kind %j", (name, mime_type, kind) => {
    expect(kindOf({ type: "file", id: "a", name, mime_type })).toBe(kind);
  });
});
