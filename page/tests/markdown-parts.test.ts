import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { inAlphabet } from "../src/markdown/alphabets";
import type { CodeBlock } from "../src/markdown/code";
import "../src/markdown/code";
import { languageOf } from "../src/markdown/languages";
import { lexed } from "../src/markdown/lexer";
import { isAllowedImage, safeHref, safeImage } from "../src/markdown/links";
import { mathElement } from "../src/markdown/mathml";
import "../src/markdown/maths";
import type { Maths } from "../src/markdown/maths";

async function mounted<T extends CodeBlock | Maths>(tag: string, fields: Partial<T>): Promise<T> {
  const element = document.createElement(tag) as T;
  Object.assign(element, fields);
  document.body.append(element);
  await element.updateComplete;
  return element;
}

function code(element: CodeBlock): HTMLElement {
  return element.renderRoot.querySelector("code") as HTMLElement;
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("a block of code", () => {
  it("says its language and gets colours", async () => {
    const element = await mounted<CodeBlock>("ck-code-block", { text: 'const a = "x"; // y', language: "ts title=a.ts" });
    expect(element.renderRoot.querySelector("[part=code-language]")?.textContent).toBe("ts");
    await vi.waitFor(() => expect(code(element).querySelector(".keyword")?.textContent).toBe("const"), 5000);
    expect(Array.from(code(element).querySelectorAll("span"), (span) => span.className)).toEqual(["keyword", "string", "comment"]);
    expect(code(element).textContent).toBe('const a = "x"; // y');
  });

  it("keeps the colours that it has while more arrives", async () => {
    const element = await mounted<CodeBlock>("ck-code-block", { text: "let a;\nle", language: "js", growing: true });
    await vi.waitFor(() => expect(code(element).querySelectorAll(".keyword")).toHaveLength(1), 5000);
    const coloured = code(element).querySelector(".keyword");
    element.text = "let a;\nlet b";
    await element.updateComplete;
    expect([code(element).querySelector(".keyword"), code(element).textContent]).toEqual([coloured, "let a;\nlet b"]);
    element.growing = false;
    await vi.waitFor(() => expect(code(element).querySelectorAll(".keyword")).toHaveLength(2), 5000);
  });

  it("stays plain where nobody knows the language", async () => {
    const element = await mounted<CodeBlock>("ck-code-block", { text: "a", language: "constructor" });
    expect(element.renderRoot.querySelector("[part=code-language]")?.textContent).toBe("constructor");
    expect(languageOf("constructor").name).toBeNull();
    expect(languageOf("")).toEqual({ written: "", name: null });
  });

  it.each([
    [{ writeText: () => Promise.resolve() }, "Copied"],
    [{ writeText: () => Promise.reject(new Error("denied")) }, "Could not copy"],
    [undefined, "Could not copy"],
  ])("is copied, and tells what came of it", async (clipboard, told) => {
    vi.stubGlobal("navigator", { clipboard });
    const written = clipboard && vi.spyOn(clipboard, "writeText");
    const element = await mounted<CodeBlock>("ck-code-block", { text: "a < b\n", language: "" });
    const button = element.renderRoot.querySelector("button");
    expect(button?.getAttribute("aria-label")).toBe("Copy the code");
    button?.click();
    await vi.waitFor(() => expect(element.renderRoot.querySelector("[role=status]")?.textContent).toBe(told));
    if (written) expect(written).toHaveBeenCalledExactlyOnceWith("a < b\n");
  });
});

describe("a formula", () => {
  beforeAll(async () => void (await import("katex")));

  it("is drawn as MathML", async () => {
    const element = await mounted<Maths>("ck-maths", { tex: "\\frac{1}{2} \\in \\mathbb{R}", display: true });
    await vi.waitFor(() => expect(element.renderRoot.querySelector("math")).not.toBeNull());
    expect(element.renderRoot.querySelector("math")?.getAttribute("display")).toBe("block");
    expect(element.renderRoot.querySelector("mi")?.textContent).toBe("ℝ");
  });

  it("is its TeX until its end has come, and where it is none", async () => {
    const element = await mounted<Maths>("ck-maths", { tex: "\\frac{1}", open: true });
    expect(element.renderRoot.querySelector("code")?.textContent).toBe("\\frac{1}");
    element.open = false;
    await element.updateComplete;
    expect(element.renderRoot.querySelector("code")?.textContent).toBe("\\frac{1}");
    element.tex = "\\frac{1}{2}";
    await vi.waitFor(() => expect(element.renderRoot.querySelector("mfrac")).not.toBeNull());
  });

  it("is copied without what is not MathML", () => {
    const math = mathElement(
      '<span><math xmlns="http://www.w3.org/1998/Math/MathML" onclick="x" display="block"><mrow href="javascript:x" style="a"><a><mi id="x">y</mi></a></mrow>' +
        '<script xmlns="http://www.w3.org/1999/xhtml">1</script></math></span>',
    );
    expect(math?.outerHTML).toBe('<math display="block"><mrow><mi>y</mi></mrow>1</math>');
    expect(mathElement("<span>no")).toBeNull();
    expect(mathElement("<span>none</span>")).toBeNull();
  });

  it("is told from money", () => {
    const formulas = (text: string) => JSON.stringify(lexed(text)).match(/"tex":"[^"]*"/g)?.map((tex) => tex.slice(7, -1)) ?? [];
    expect(formulas("$a$ and $b + c$, $5 and $10, $ x $, US$5$, \\$x$, `$y$`")).toEqual(["a", "b + c"]);
    expect(formulas("\\(a\\) \\[b\\] $$c$$")).toEqual(["a", "b", "c"]);
    expect(formulas("text\n$$\na\n- b\n$$\nmore")).toEqual(["a\\n- b"]);
    expect(formulas("*x $a*b$ y*")).toEqual(["a*b"]);
  });

  it("has letters of all alphabets", () => {
    expect(["bold", "double-struck", "script", "fraktur", "italic"].map((variant) => inAlphabet("Rh1", variant))).toEqual(["𝐑𝐡𝟏", "ℝ𝕙𝟙", "ℛ𝒽1", "ℜ𝔥1", "𝑅ℎ1"]);
    expect(inAlphabet("αΩ+", "bold")).toBe("𝛂𝛀+");
  });
});

describe("an address", () => {
  it("is one that runs nothing", () => {
    const good = ["https://a.example/?q=a:b", "HTTP://a.example", "mailto:a@b.c", "tel:+1", "/path", "path#a:b", "#x", "//a.example", "chatkit-link://x", "?a=javascript:x"];
    expect(good.map((href) => safeHref(href))).toEqual(good);
    const bad = ["javascript:x", "java\nscript:x", "&#106;avascript:x", "data:text/html,x", "vbscript:x", "file:///x", "blob:x", "\u0001javascript:x", "\u200bjavascript:x", "", "https://[", "ftp://a"];
    expect(bad.map((href) => safeHref(href))).toEqual(bad.map(() => null));
  });

  it("of an image is a picture's", () => {
    expect(["https://a.example/x.png", "/x.png", "data:image/png;base64,AA", "data:image/avif,x"].map(safeImage)).not.toContain(null);
    expect(["data:image/svg+xml,x", "data:text/html,x", "mailto:x", "javascript:x", "blob:x"].map(safeImage)).toEqual([null, null, null, null, null]);
  });

  it("of an image lies in a domain or below it", () => {
    const domains = ["a.example"];
    expect(["https://A.example/x", "https://b.a.example:8000/x", "/x", "data:image/png,x"].map((src) => isAllowedImage(src, domains))).toEqual([true, true, true, true]);
    expect(["https://ba.example", "https://a.example.b", "//b.example/x", "https://a.example@b.example/"].map((src) => isAllowedImage(src, domains))).toEqual([false, false, false, false]);
    expect(isAllowedImage("https://b.example", null)).toBe(true);
  });
});
