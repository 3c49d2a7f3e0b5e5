import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import "../src/markdown/markdown";
import type { Markdown } from "../src/markdown/markdown";
import type { Annotation } from "../src/protocol";
import corpus from "./xss.json";

const ELEMENTS = new Set(
  ("div p h3 h4 h5 h6 ul ol li blockquote hr strong em del code br a img sub sup kbd mark u table thead tbody tr th td input button span pre " +
    "ck-code-block ck-maths math semantics annotation mrow mi mo mn mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover " +
    "mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose merror").split(" "),
);
const ATTRIBUTES = new Set(
  ("class part dir href target rel title src alt loading decoding referrerpolicy role tabindex aria-label type disabled scope start display growing open " +
    "data-annotation data-note data-to data-back mathvariant mathcolor mathbackground mathsize stretchy separator fence form accent accentunder lspace rspace " +
    "minsize maxsize width height depth voffset linethickness notation rowspacing columnspacing columnlines rowlines frame encoding displaystyle scriptlevel").split(" "),
);
const HREF = /^(?:https?:|mailto:|tel:|chatkit-link:|www\.|[^:]*$|[^:]*[/?#])/i;
const SRC = /^(?:https?:|data:image\/(?:png|jpeg|gif|webp|avif)[;,]|[^:]*$)/i;

/** All elements below, also in the components that are drawn in it. */
function elements(root: ParentNode): Element[] {
  return Array.from(root.querySelectorAll("*")).flatMap((element) => [element, ...(element.shadowRoot ? elements(element.shadowRoot) : [])]);
}

function faults(root: ParentNode): string[] {
  return elements(root)
    .filter((element) => element.localName !== "style")
    .flatMap((element) => {
      const unknown = ELEMENTS.has(element.localName) ? [] : [`<${element.localName}>`];
      return [...unknown, ...Array.from(element.attributes).filter((each) => !isHarmless(each)).map((each) => `${each.name}=${each.value}`)];
    });
}

function isHarmless({ name, value }: Attr): boolean {
  if (name === "href") return HREF.test(value) && new URL(value, "https://page.invalid/").protocol !== "javascript:";
  if (name === "src") return SRC.test(value);
  return ATTRIBUTES.has(name);
}

async function settled(element: Markdown): Promise<void> {
  await element.updateComplete;
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(elements(element.renderRoot).map((each) => ("updateComplete" in each ? each.updateComplete : undefined)));
  }
}

async function shown(text: string, fields: Partial<Markdown> = {}): Promise<Markdown> {
  const element = document.createElement("ck-markdown") as Markdown;
  Object.assign(element, { text, ...fields });
  document.body.append(element);
  await settled(element);
  return element;
}

describe("hostile Markdown", () => {
  beforeAll(async () => {
    await import("katex");
    const first = await shown("$x$");
    await vi.waitFor(() => expect(elements(first.renderRoot).some(({ localName }) => localName === "math")).toBe(true));
  });
  afterEach(() => document.body.replaceChildren());

  it("is there in all its forms", () => {
    expect(corpus.texts.length).toBeGreaterThan(150);
  });

  it.each(corpus.texts)("does nothing ($group): $text", async ({ text }) => {
    const element = await shown(text, { annotations: corpus.annotations as unknown as Annotation[] });
    expect(element.renderRoot.querySelector(".block")).not.toBeNull();
    expect(faults(element.renderRoot)).toEqual([]);
  });

  it("does nothing in any state in which it is seen while it is written", async () => {
    const element = await shown("", { streaming: true });
    for (const { text } of corpus.texts) {
      for (let end = 1; end <= text.length; end += 4) {
        element.text = text.slice(0, end);
        await element.updateComplete;
        expect(faults(element.renderRoot), text.slice(0, end)).toEqual([]);
      }
    }
  });

  it("would be found here", () => {
    const root = document.createElement("div");
    root.innerHTML = '<a href="javascript:x"></a><b onclick=""></b><i style=""></i><img src="data:image/svg+xml,x"><a href="java\tscript:x"></a>';
    expect(faults(root)).toEqual(["href=javascript:x", "<b>", "onclick=", "<i>", "style=", "src=data:image/svg+xml,x", "href=java\tscript:x"]);
  });

  it("is coloured as code without becoming more", async () => {
    const { highlighted } = await import("../src/markdown/highlighted");
    const { highlighter } = await import("../src/markdown/languages");
    const code = '</span><script>alert(1)</script> &lt;b&gt; "<img src=x onerror=alert(1)>" <a href="x">';
    for (const language of ["xml", "javascript", "markdown", "php", "css"]) {
      const nodes = highlighted((await highlighter(language)).highlight(code, { language, ignoreIllegals: true }).value);
      expect(nodes.textContent).toBe(code);
      expect(faults(nodes)).toEqual([]);
    }
    const foreign = highlighted('<span class="hljs-string" onclick="x"><b>x</b></span>');
    expect(elements(foreign)).toEqual([]);
  });
});
