/** What highlight.js writes, as elements: it knows spans and five references, so no parser of HTML is asked. */

const PIECES = /<span class="([^"]*)">|<\/span>|[^<]+|</g;
const REFERENCES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

/** The colour of each of highlight.js' scopes. */
const COLOURS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    keyword: "keyword literal selector-tag doctag tag operator char",
    string: "string regexp subst link template-tag",
    number: "number symbol bullet variable template-variable",
    comment: "comment quote meta",
    name: "title name attr attribute section built_in type property params-name selector-id selector-class selector-attr selector-pseudo",
    added: "addition",
    removed: "deletion",
    strong: "strong",
    emphasis: "emphasis",
  }).flatMap(([colour, scopes]) => scopes.split(" ").map((scope) => [`hljs-${scope}`, colour])),
);

/** Text nodes and spans whose classes are those above. */
export function highlighted(output: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const open: Node[] = [fragment];
  for (const [piece, classes] of output.matchAll(PIECES)) {
    const within = open[open.length - 1] as Node;
    if (classes !== undefined) open.push(span(within, classes));
    else if (piece === "</span>") open.length = Math.max(1, open.length - 1);
    else within.appendChild(document.createTextNode(text(piece)));
  }
  return fragment;
}

function span(within: Node, classes: string): Node {
  const colour = COLOURS.get(classes.split(" ")[0] ?? "");
  if (colour === undefined) return within;
  const element = document.createElement("span");
  element.className = colour;
  return within.appendChild(element);
}

function text(piece: string): string {
  return piece.replace(/&(?:amp|lt|gt|quot|#x27);/g, (reference) => REFERENCES[reference] ?? reference);
}
