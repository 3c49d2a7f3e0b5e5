import { describe, expect, it } from "vitest";
import { UNFINISHED } from "../src/markdown/marks";
import { mended, PENDING } from "../src/markdown/mended";

function cases(name: string, table: readonly (readonly [string, string])[]): void {
  it.each(table)(`${name}: %j`, (text, shown) => {
    expect(mended(text)).toBe(shown);
  });
}

describe("text that breaks off", () => {
  cases("is left alone where it is whole", [
    ["", ""],
    ["plain", "plain"],
    ["**a** _b_ ~~c~~ `d` [e](f) $g$", "**a** _b_ ~~c~~ `d` [e](f) $g$"],
    ["2 * 3 and snake_case_name", "2 * 3 and snake_case_name"],
    ["about ~5 and $5", "about ~5 and $5"],
    ["a [b] c", "a [b] c"],
    ["- [x] done", "- [x] done"],
  ]);
  cases("gets its emphasis closed", [
    ["**bo", "**bo**"],
    ["a **bold and ", "a **bold and**"],
    ["**bold*", "**bold**"],
    ["*it", "*it*"],
    ["_it", "_it_"],
    ["***both", "***both***"],
    ["**a *b", "**a *b***"],
    ["**a *b*", "**a *b***"],
    ["~~gone", "~~gone~~"],
    ["~~gone~", "~~gone~~"],
    ["- a\n- **b", "- a\n- **b**"],
    ["**open\n- next", "**open\n- next"],
    ["> **b", "> **b**"],
    ["H<sub>2", "H<sub>2</sub>"],
  ]);
  cases("loses marks that hold nothing yet", [
    ["a **", "a "],
    ["a `", "a "],
    ["a **`", "a"],
    ["a\n-", "a\n"],
    ["a\n---", "a\n"],
    ["a\n\n##", "a\n\n"],
    ["1. a\n2", "1. a\n"],
    ["- [", "- "],
    ["- [x]", "- "],
    ["- [x] ", "- "],
    ["a\\", "a"],
    ["a <su", "a "],
    ["a <https://exam", "a "],
    ["a &am", "a "],
    [">", ""],
  ]);
  cases("gets its code closed, and nothing in code is touched", [
    ["a `co", "a `co`"],
    ["a ``co`", "a ``co``"],
    ["a `**b` c", "a `**b` c"],
    ["```", "```"],
    ["```py", "```"],
    ["```py\n**x", "```py\n**x"],
    ["```py\nx\n``", "```py\nx\n"],
    ["- a\n  ```\n  **x", "- a\n  ```\n  **x"],
    ["```\na\n```\n**b", "```\na\n```\n**b**"],
  ]);
  cases("shows links by their words", [
    ["see [the do", `see [the do](${PENDING})`],
    ["see [the docs]", `see [the docs](${PENDING})`],
    ["see [the docs](https://ex", `see [the docs](${PENDING})`],
    ["see [**the", `see [**the**](${PENDING})`],
    ["**see [the", `**see [the](${PENDING})**`],
    ["see [", "see "],
    ["an ![image", "an "],
    ["an ![image](https://ex", "an "],
    ["a note[^", "a note"],
    ["a note[^1", "a note"],
  ]);
  cases("shows formulas as they are so far", [
    ["a $$x^", `a $$x^${UNFINISHED}$$`],
    ["$$\nx\n- y", `$$\nx\n- y${UNFINISHED}$$`],
    ["$$\nx\n$", `$$\nx${UNFINISHED}$$`],
    ["$$", ""],
    ["a \\(x_1", `a \\(x_1${UNFINISHED}\\)`],
    ["\\[\nx", `\\[\nx${UNFINISHED}\\]`],
    ["$$\nx\n$$\nand **b", "$$\nx\n$$\nand **b**"],
    ["costs $5 or **mo", "costs $5 or **mo**"],
  ]);
  cases("shows a table from its first row on", [
    ["| a", "| a\n|---|"],
    ["| a | b |", "| a | b \n|---|---|"],
    ["| a | b |\n", "| a | b |\n|---|---|"],
    ["| a | b |\n|-", "| a | b |\n|---|---|"],
    ["| a | b |\n|---|--", "| a | b |\n|---|---|"],
    ["a | b\n--", "a | b\n|---|---|"],
    ["| a | b |\n|---|---|\n| 1 | **x", "| a | b |\n|---|---|\n| 1 | **x**"],
    ["| a | b |\n|---|---|\n| **1** | ", "| a | b |\n|---|---|\n| **1** | "],
  ]);

  it("is completed in time that does not explode", () => {
    for (const piece of ["[", "**", "`", "$$", "<", "| ", "![", "\\(", "*a ", "~~b", "[a](", "&"]) {
      expect(mended(piece.repeat(3000)).length).toBeLessThan(30_000);
    }
  });
});
