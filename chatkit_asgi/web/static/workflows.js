// Draws workflows and tasks: what the assistant did on the way to its answer, folded away unless the server
// asks for it to be open.

import { el, icon, link } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

const TITLES = {
  custom: () => "Task",
  file: () => "Read files",
  image: () => "Made an image",
  thought: () => "Thought",
  web_search: (task) => (task.title_query ? `Searched for “${task.title_query}”` : "Searched the web"),
};

const BODIES = {
  custom: (task) => [task.content && prose(task.content)],
  file: (task) => [sourceList(task.sources)],
  image: () => [],
  thought: (task) => [prose(task.content)],
  web_search: (task) => [queryList(task.queries), sourceList(task.sources)],
};

/** Keeps the `details` element, so that what the reader opened stays open while tasks arrive. */
export function paintWorkflow(node, item) {
  const { workflow } = item;
  if (!node.firstChild)
    node.append(
      el("details", { class: "fold", open: workflow.expanded }, el("summary"), el("ol", { class: "tasks" })),
    );
  const [summary, tasks] = node.firstElementChild.children;
  summary.textContent = summaryOf(item);
  tasks.replaceChildren(...workflow.tasks.map((task) => el("li", {}, paintTask(task))));
}

export function paintTask(task) {
  const title = task.title || TITLES[task.type]?.(task) || "Task";
  const body = (BODIES[task.type]?.(task) ?? []).filter(Boolean);
  return el(
    "div",
    { class: "task" },
    el("p", { class: "task-title" }, indicator(task.status_indicator), title),
    body,
  );
}

function summaryOf({ workflow, isStreaming }) {
  const { summary } = workflow;
  if (summary?.title) return summary.title;
  if (summary?.duration !== undefined) return `Worked for ${durationText(summary.duration)}`;
  if (isStreaming) return workflow.type === "reasoning" ? "Thinking…" : "Working…";
  return workflow.type === "reasoning" ? "Thoughts" : "Steps";
}

function durationText(seconds) {
  if (seconds < 1) return "a moment";
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}

function indicator(status) {
  if (status === "complete") return [icon("check"), el("span", { class: "sr-only" }, "Done: ")];
  if (status === "loading")
    return [
      el("span", { class: "spinner", "aria-hidden": "true" }),
      el("span", { class: "sr-only" }, "In progress: "),
    ];
  return null;
}

function prose(text) {
  const node = el("div", { class: "prose small" });
  renderMarkdown(node, text ?? "");
  return node;
}

function queryList(queries = []) {
  if (queries.length === 0) return null;
  return el(
    "ul",
    { class: "queries" },
    queries.map((query) => el("li", {}, icon("search"), query)),
  );
}

function sourceList(sources = []) {
  if (sources.length === 0) return null;
  return el(
    "ul",
    {},
    sources.map((source) => el("li", {}, link(source.url, source.title || source.filename || source.url))),
  );
}
