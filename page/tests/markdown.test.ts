import { afterEach, describe, expect, it, vi } from "vitest";
import "../src/markdown/markdown";
import type { Markdown } from "../src/markdown/markdown";
import type { Annotation } from "../src/protocol";

async function shown(text: string, fields: Partial<Markdown> = {}): Promise<Markdown> {
  const element = document.createElement("ck-markdown") as Markdown;
  Object.assign(element, { text, ...fields });
  document.body.append(element);
  await element.updateComplete;
  return element;
}

async function then(element: Markdown, fields: Partial<Markdown>): Promise<void> {
  Object.assign(element, fields);
  await element.updateComplete;
}

function all(element: Markdown, selector: string): HTMLElement[] {
  return Array.from(element.renderRoot.querySelectorAll<HTMLElement>(selector));
}

function words(element: Markdown): string {
  return (element.renderRoot.querySelector(".body")?.textContent ?? "").replace(/\s+/g, " ").trim();
}

function url(title: string, index?: number, address = `https://example.org/${title}`): Annotation {
  return { type: "annotation", index, source: { type: "url", title, url: address } };
}

afterEach(() => document.body.replaceChildren());

describe("Markdown", () => {
  it("becomes elements", async () => {
    const element = await shown(
      "# A\n\ntext **b** *i* ~~d~~ `c` &copy; \\<\n\n- x\n  1. y\n\n> q\n\n---\n\n[l](https://a.example 'T') https://b.example",
    );
    for (const selector of ["h3", "p strong", "p em", "p del", "p code", "ul > li > ol > li", "blockquote > p", "hr", "a"]) {
      expect(all(element, selector), selector).not.toHaveLength(0);
    }
    expect(words(element)).toBe("Atext b i d c © <xyql https://b.example");
    const link = all(element, "a")[0];
    const attributes = Object.fromEntries(Array.from(link?.attributes ?? [], ({ name, value }) => [name, value]));
    const expected = { part: "link", href: "https://a.example", target: "_blank", rel: "noopener noreferrer nofollow", title: "T" };
    expect([link?.textContent, attributes]).toEqual(["l", expected]);
  });

  it("puts tables into a region that scrolls", async () => {
    const element = await shown("| a | b |\n|:-:|--:|\n| **1** | 2 |");
    const region = all(element, "[role=region]")[0];
    expect([region?.tabIndex, region?.getAttribute("aria-label")]).toEqual([0, "Table"]);
    expect(all(element, "td").map((cell) => [cell.className, cell.textContent])).toEqual([["center", "1"], ["right", "2"]]);
  });

  it("names the boxes of tasks, which nobody can tick", async () => {
    const boxes = all(await shown("- [x] wash **up**\n- [ ] dry"), "input") as HTMLInputElement[];
    expect(boxes.map((box) => [box.checked, box.disabled, box.getAttribute("aria-label")])).toEqual([[true, true, "wash up"], [false, true, "dry"]]);
  });

  it("shows HTML as text, but for a few tags", async () => {
    const element = await shown("<div onclick='x'>a</div> H<sub>2</sub>O<br>b <sub>open <script>alert(1)</script>");
    expect(all(element, "p *").map((each) => each.localName)).toEqual(["sub", "br"]);
    expect(words(element)).toBe("<div onclick='x'>a</div> H2Ob <sub>open <script>alert(1)</script>");
  });

  it("runs to where its first letter belongs", async () => {
    const element = await shown("**שלום** world\n\nworld שלום\n\n1 + 1\n\n- مرحبا");
    expect(all(element, ".block").map((block) => block.dir)).toEqual(["rtl", "ltr", "", "rtl"]);
  });

  it("is shown as it is where it is nested deeper than can be drawn", async () => {
    const text = "*a ".repeat(20_000);
    const element = await shown(text);
    expect(words(element)).toBe(text.trim());
    await then(element, { text: "fine" });
    expect(words(element)).toBe("fine");
  });

  it("finds what references refer to, above and below", async () => {
    const element = await shown("see [a] and [b][c] and [no]\n\n[a]: https://a.example\n\n- x\n\n[C]: https://c.example 'T'\n\n[a]");
    expect(all(element, "a").map((link) => link.getAttribute("href"))).toEqual(["https://a.example", "https://c.example", "https://a.example"]);
  });

  it("leads to footnotes and back", async () => {
    const element = await shown("a[^x] and [^no]\n\n[^x]: the **note**");
    const [mark] = all(element, "[data-to]");
    mark?.click();
    expect((element.renderRoot as ShadowRoot).activeElement?.textContent).toContain("the note");
    all(element, "[data-back]")[0]?.click();
    expect((element.renderRoot as ShadowRoot).activeElement).toBe(mark);
    expect(words(element)).toContain("[^no]");
  });

  it("tells of each link that is followed, and leaves the application's own to it", async () => {
    const element = await shown("[a](https://a.example) [b](chatkit-link://order/1)");
    const heard = vi.fn((event: Event) => (event as CustomEvent<{ href: string }>).detail.href);
    element.addEventListener("ck-link", heard);
    const prevented = all(element, "a").map((link) => {
      const click = new MouseEvent("click", { bubbles: true, composed: true, cancelable: true });
      link.addEventListener("click", (event) => queueMicrotask(() => event.preventDefault()));
      return !link.dispatchEvent(click);
    });
    expect(heard.mock.results.map(({ value }) => value as string)).toEqual(["https://a.example", "chatkit-link://order/1"]);
    expect(prevented).toEqual([false, true]);
  });

  it("loads images from allowed places alone", async () => {
    const text = "![one](https://a.example/x.png) ![two](https://cdn.b.example/x.png) ![three](/own.png) [![four](https://a.example/y.png)](https://c.example)";
    const free = all(await shown(text), "img");
    expect(free.map((image) => [image.getAttribute("alt"), image.getAttribute("loading"), image.getAttribute("referrerpolicy")])[0]).toEqual(["one", "lazy", "no-referrer"]);
    expect(free).toHaveLength(4);
    const element = await shown(text, { allowedImageDomains: ["b.example"] });
    expect(all(element, "img").map((image) => image.getAttribute("alt"))).toEqual(["two", "three"]);
    expect(all(element, "a").map((link) => [link.getAttribute("href"), link.textContent])).toEqual([["https://a.example/x.png", "one"], ["https://c.example", "four"]]);
  });
});

describe("Markdown that grows", () => {
  const TEXT = "# T\n\nA **bold** word and a [link](https://a.example).\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one\n2. two\n\nlast";

  it("keeps the elements of what is finished, untouched", async () => {
    const element = await shown("", { streaming: true });
    await then(element, { text: "# T\n\none **two**\n\nthr" });
    const before = all(element, ".block").slice(0, 2);
    const watch = new MutationObserver(() => undefined);
    before.forEach((block) => watch.observe(block, { subtree: true, childList: true, characterData: true, attributes: true }));
    await then(element, { text: "# T\n\none **two**\n\nthree *fo" });
    await then(element, { text: "# T\n\none **two**\n\nthree *four*\n\nfive" });
    expect(all(element, ".block").slice(0, 2)).toEqual(before);
    expect(watch.takeRecords()).toEqual([]);
    expect(all(element, "em")[0]?.textContent).toBe("four");
  });

  it("shows no mark that will not stay", async () => {
    const element = await shown("", { streaming: true });
    for (let end = 1; end <= TEXT.length; end += 1) {
      await then(element, { text: TEXT.slice(0, end) });
      expect(words(element), TEXT.slice(0, end)).not.toMatch(/[*#`|[\]]|https|---/);
    }
  });

  it("comes out as if it had come at once", async () => {
    const element = await shown("", { streaming: true });
    for (let end = 1; end <= TEXT.length; end += 3) await then(element, { text: TEXT.slice(0, end) });
    await then(element, { text: TEXT, streaming: false });
    const html = (each: Markdown) => all(each, ".block").map((block) => block.outerHTML.replace(/<!--.*?-->/g, ""));
    expect(html(element)).toEqual(html(await shown(TEXT)));
  });

  it("is drawn now and then only while it is one long list, and at once when that ends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const items = (count: number) => Array.from({ length: count }, (_, index) => `- item ${index}\n`).join("");
    const element = await shown(items(1000), { streaming: true });
    await then(element, { text: items(1100) });
    expect(all(element, "li")).toHaveLength(1000);
    vi.advanceTimersByTime(1000);
    expect(all(element, "li")).toHaveLength(1100);
    await then(element, { text: items(1200), streaming: false });
    expect(all(element, "li")).toHaveLength(1200);
    vi.useRealTimers();
  });

  it("forgets all when the text is another one", async () => {
    const element = await shown("[a]\n\n[a]: https://a.example\n\nx");
    await then(element, { text: "[a]\n\ny" });
    expect(words(element)).toBe("[a]y");
  });
});

describe("marks of sources", () => {
  it("stand behind what they prove, with one number for one source", async () => {
    const text = "First 😀 claim. **Second** claim.\n\nThird.";
    const annotations = [url("b", 32), url("a", 14), url("a", 41), url("nowhere")];
    const element = await shown(text, { annotations });
    expect(all(element, ".body")[0]?.textContent?.replace(/\s+/g, " ")).toBe("First 😀 claim.2 Second claim.1Third.2");
    expect(all(element, ".citation").map((mark) => mark.getAttribute("aria-label"))).toEqual(["Source 2: a", "Source 1: b", "Source 2: a"]);
    const heard = vi.fn();
    element.addEventListener("ck-annotation", (event) => heard((event as CustomEvent<{ annotation: Annotation }>).detail.annotation));
    all(element, ".citation")[1]?.click();
    expect(heard).toHaveBeenCalledExactlyOnceWith(annotations[0]);
  });

  it.each([
    ["`code` x", 3, "code1 x"],
    ["[link](https://a.example/path) x", 20, "link1 x"],
    ["[li**nk** it](https://a.example) x", 4, "link it1 x"],
    ["see https://a.example/path. x", 27, "see https://a.example/path.1 x"],
    ["**Bold.** x", 9, "Bold.1 x"],
    ["**bold** x", 7, "bold1 x"],
    ["*a* word", 5, "a word1"],
    ["text\n\n```\ncode\n```\n\nmore", 18, "text1more"],
    ["# Head\n\n- a\n- b\n", 10, "Head1ab"],
    ["# Head\n\n- a\n- b\n", 16, "Headab1"],
    ["| a | b |\n|---|---|\n| c | d |\n", 29, "a b c d1"],
    ["| a | b |\n|---|---|\n| c | d |\n", 15, "a b1 c d"],
    ["![pic](https://a.example/x.png) x", 31, "1 x"],
    ["end", 99, "end1"],
    ["- a\n- b", 2, "a1b"],
    ["```\ncode\n```", 2, "1"],
  ])("do not take %j apart at %d", async (text, index, expected) => {
    expect(words(await shown(text, { annotations: [url("s", index)] })).replaceAll(" ", "")).toBe(expected.replaceAll(" ", ""));
  });

  it("wait for the text that they stand in", async () => {
    const element = await shown("one", { streaming: true, annotations: [url("s", 8)] });
    expect(words(element)).toBe("one");
    await then(element, { text: "one two.\n\nthree" });
    expect(words(element)).toBe("one two.1three");
  });

  it("change no other block when they come", async () => {
    const element = await shown("one\n\ntwo\n\nthree", { streaming: true });
    const watch = new MutationObserver(() => undefined);
    all(element, ".block").slice(1).forEach((block) => watch.observe(block, { subtree: true, childList: true, characterData: true }));
    await then(element, { annotations: [url("s", 3)] });
    expect(words(element)).toBe("one1twothree");
    expect(watch.takeRecords()).toEqual([]);
  });
});
