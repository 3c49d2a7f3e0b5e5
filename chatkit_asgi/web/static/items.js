// Draws thread items. `paintItem(node, item, host)` may be called again whenever the item changed.
//
// `host` is what an item can ask of its thread: act(action, itemId), answer(itemId, submission),
// rate(itemId, kind).

import { copyText, el, icon, iconButton, image, link } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { structuredInput } from "./structured_input.js";
import { paintWidget } from "./widgets.js";
import { paintTask, paintWorkflow } from "./workflows.js";

const PAINT = {
  assistant_message: paintAssistantMessage,
  client_tool_call: paintClientToolCall,
  generated_image: paintGeneratedImage,
  structured_input: (node, item, host) => node.replaceChildren(structuredInput(item, host)),
  task: (node, item) => node.replaceChildren(paintTask(item.task)),
  user_message: paintUserMessage,
  widget: paintWidget,
  workflow: paintWorkflow,
};

/** Whether the kind of item is one that is shown. */
export function isShown(item) {
  return item.type in PAINT;
}

export function itemNode(item) {
  return el("article", { class: `item ${item.type}`, "data-id": item.id });
}

export function paintItem(node, item, host) {
  PAINT[item.type](node, item, host);
}

/** One uploaded file: its preview or its name, with buttons of the caller's. */
export function attachmentView(attachment, ...extra) {
  const isImage = attachment.type === "image" && /^(https?|data|blob):/.test(attachment.preview_url);
  const preview = isImage ? image(attachment.preview_url, "") : icon("file");
  return el(
    "li",
    { class: "attachment" },
    preview,
    el("span", { class: "attachment-name" }, attachment.name),
    extra,
  );
}

function paintUserMessage(node, item) {
  const attachments = item.attachments ?? [];
  node.replaceChildren(
    ...[
      el("h2", { class: "sr-only" }, "You"),
      item.quoted_text && el("blockquote", { class: "quote", dir: "auto" }, item.quoted_text),
      attachments.length > 0 &&
        el(
          "ul",
          { class: "attachments" },
          attachments.map((file) => attachmentView(file)),
        ),
      item.content.length > 0 &&
        el("div", { class: "bubble", dir: "auto" }, item.content.map(userContent)),
    ].filter(Boolean),
  );
}

function userContent(content) {
  return content.type === "input_tag" ? el("span", { class: "tag" }, `@${content.text}`) : content.text;
}

function paintAssistantMessage(node, item, host) {
  if (!node.firstChild)
    node.append(el("h2", { class: "sr-only" }, "Assistant"), el("div", { class: "prose" }));
  const prose = node.children[1];
  item.content.forEach((part, index) => {
    if (!prose.children[index]) prose.append(el("div", { class: "part", dir: "auto" }));
    renderMarkdown(prose.children[index], part.text ?? "");
  });
  while (prose.children.length > item.content.length) prose.lastElementChild.remove();
  node.querySelectorAll(".sources, .item-actions").forEach((old) => old.remove());
  if (!item.isStreaming) node.append(...[sourcesOf(item), messageActions(item, host)].filter(Boolean));
}

function sourcesOf(item) {
  const sources = item.content.flatMap((part) => part.annotations ?? []).map(({ source }) => source);
  if (sources.length === 0) return null;
  const unique = [...new Map(sources.map((source) => [sourceKey(source), source])).values()];
  return el("div", { class: "sources" }, el("h3", {}, "Sources"), el("ol", {}, unique.map(sourceView)));
}

function sourceKey(source) {
  return source.url ?? source.filename ?? source.id;
}

function sourceView(source) {
  return el("li", {}, link(source.url, source.title || sourceKey(source)));
}

function messageActions(item, host) {
  const text = item.content.map((part) => part.text).join("\n\n");
  return el(
    "div",
    { class: "item-actions" },
    iconButton("copy", "Copy the answer", () => copyText(text)),
    rateButton("positive", "thumbUp", "Good answer", item, host),
    rateButton("negative", "thumbDown", "Bad answer", item, host),
  );
}

function rateButton(kind, picture, label, item, host) {
  const onclick = () => host.rate(item, kind);
  return iconButton(picture, label, onclick, { "aria-pressed": String(item.rating === kind) });
}

function paintGeneratedImage(node, item) {
  const isDone = !item.isStreaming;
  if (item.image) node.replaceChildren(image(item.image.url, "Generated image"));
  else node.replaceChildren(el("p", { class: "muted" }, isDone ? "No image was made." : "Making an image…"));
  if (!isDone)
    node.append(el("progress", { "aria-label": "Image progress", value: item.progress ?? null, max: "1" }));
}

function paintClientToolCall(node, item) {
  const note = item.status === "pending" ? "waiting for an answer" : "answered";
  node.replaceChildren(
    el(
      "details",
      { class: "fold" },
      el("summary", {}, `Client tool ${item.name}: `, el("span", { class: "muted" }, note)),
      el(
        "pre",
        { tabindex: "0" },
        el("code", {}, JSON.stringify({ arguments: item.arguments, output: item.output }, null, 2)),
      ),
    ),
  );
}
