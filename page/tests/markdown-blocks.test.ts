import { Lexer } from "marked";
import { describe, expect, it } from "vitest";
import { Blocks } from "../src/markdown/blocks";

function cut(text: string): string[] {
  const blocks = new Blocks();
  blocks.read(text);
  return all(blocks);
}

function all(blocks: Blocks): string[] {
  return Array.from({ length: blocks.count }, (_, index) => blocks.block(index));
}

const DOCUMENT = [
  "# Title\nText right below\nin two lines\n",
  "* one\n* two\n\n* three after a gap\n\n  with more in it\n\n      and code\n",
  "Text\n```py\nx = 1\n\n# no heading\n```\nafter\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n",
  "> quote\n> more\n\n> another\n",
  "    code\n\n    still code\n",
  "1. a\n2. b\n   ```\n   c\n   ```\n3. d\n\nEnd\n\n~~~\n```\n~~~\n---\n[^1]: note\n\n    more of it\n\nlast",
].join("\n");

describe("blocks", () => {
  it("are cut where the next one begins", () => {
    expect(cut("a\nb\n\nc")).toEqual(["a\nb\n\n", "c"]);
    expect(cut("# a\nb")).toEqual(["# a\n", "b"]);
    expect(cut("```\na\n\nb\n```\nc")).toEqual(["```\na\n\nb\n```\n", "c"]);
    expect(cut("text\n~~~\na\n~~~~\n\nc")).toEqual(["text\n", "~~~\na\n~~~~\n\n", "c"]);
  });

  it("keep lists whole, with what is in them", () => {
    expect(cut("- a\n\n  b\n\n- c\n\nd")).toEqual(["- a\n\n  b\n\n- c\n\n", "d"]);
    expect(cut("1. a\n\n2")).toHaveLength(1);
    expect(cut("1. a\n\n2 b")).toHaveLength(2);
  });

  it("join to the text", () => {
    expect(cut(DOCUMENT).join("")).toBe(DOCUMENT);
  });

  it("read alone give what the whole gives", () => {
    const kinds = (text: string) => new Lexer({ gfm: true }).lex(text).filter((token) => token.type !== "space").map((token) => [token.type, token.raw.trim()]);
    expect(cut(DOCUMENT).flatMap(kinds)).toEqual(kinds(DOCUMENT));
  });

  it("come out the same however the text arrives, and finished ones never change", () => {
    for (const size of [1, 2, 3, 7, 50]) {
      const blocks = new Blocks();
      for (let end = 0; end < DOCUMENT.length + size; end += size) {
        const before = all(blocks);
        const first = blocks.read(DOCUMENT.slice(0, end));
        expect(all(blocks).slice(0, first)).toEqual(before.slice(0, first));
      }
      expect(all(blocks)).toEqual(cut(DOCUMENT));
    }
  });

  it("begin anew when the text is another one", () => {
    const blocks = new Blocks();
    blocks.read("a\n\nb");
    expect(blocks.read("a\n\nb c")).toBe(1);
    expect(blocks.read("x\n\ny")).toBe(0);
    expect(all(blocks)).toEqual(["x\n\n", "y"]);
  });
});
