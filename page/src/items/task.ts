import { css, html, nothing, type TemplateResult } from "lit";
import type { Task, TaskItem } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { objects, text, texts } from "./read";
import "./source_chips";
import type { Texts } from "../locale/texts";

/** `<ck-task .item>` or `<ck-task .task>`: one step of work. A step of a kind it does not know is its title. */
export class TaskElement extends ChatElement {
  static override properties = {
    item: { attribute: false },
    task: { attribute: false },
    running: { type: Boolean },
  };
  static override styles = css`
    :host {
      display: block;
      font-size: 0.93em;
    }
    .task {
      display: grid;
      gap: 0 calc(2.5 * var(--ck-space));
      grid-template-columns: 1.25rem minmax(0, 1fr);
    }
    .mark {
      align-items: center;
      block-size: 1.5em;
      color: var(--ck-text-tertiary);
      display: flex;
      justify-content: center;
    }
    .complete .mark {
      color: var(--ck-success);
    }
    .dot {
      background: currentColor;
      block-size: 0.4rem;
      border-radius: var(--ck-radius-full);
      inline-size: 0.4rem;
    }
    .spinner {
      animation: turn 0.9s linear infinite;
      block-size: 0.95rem;
      border: 2px solid var(--ck-border-strong);
      border-block-start-color: var(--ck-text-secondary);
      border-radius: var(--ck-radius-full);
      inline-size: 0.95rem;
    }
    .title {
      color: var(--ck-text);
      font-weight: 500;
      overflow-wrap: anywhere;
    }
    .body {
      color: var(--ck-text-secondary);
      display: grid;
      gap: calc(1.5 * var(--ck-space));
      min-inline-size: 0;
    }
    ck-markdown {
      color: inherit;
      font-size: inherit;
    }
    .queries {
      display: flex;
      flex-wrap: wrap;
      gap: calc(1 * var(--ck-space)) calc(3 * var(--ck-space));
      list-style: none;
      padding: 0;
    }
    .queries li {
      align-items: center;
      display: inline-flex;
      gap: calc(1.5 * var(--ck-space));
      overflow-wrap: anywhere;
    }
    @keyframes turn {
      to {
        rotate: 1turn;
      }
    }
  `;

  declare item: TaskItem | null;
  /** Instead of an item, for the tasks of a workflow. */
  declare task: Task | null;
  /** Whether it still grows. */
  declare running: boolean;

  constructor() {
    super();
    this.item = null;
    this.task = null;
    this.running = false;
  }

  protected override render() {
    const task = this.task ?? this.item?.task;
    if (typeof task !== "object" || task === null) return nothing;
    const title = titleOf(task, this.texts);
    const body = this.renderBody(task);
    if (title === "" && body === nothing) return nothing;
    return html`<div class="task ${text(task.status_indicator)}" part="task">
      <span class="mark">${this.renderMark(task)}</span>
      <div class="body">
        ${title === "" ? nothing : html`<p class="title" part="task-title"><bdi>${title}</bdi></p>`}${body}
      </div>
    </div>`;
  }

  private renderMark(task: Task): TemplateResult {
    if (task.status_indicator === "loading")
      return html`<span class="spinner" aria-hidden="true"></span><span class="sr-only">${this.t("work.loading")}</span>`;
    if (task.status_indicator === "complete")
      return html`<ck-icon name="check"></ck-icon><span class="sr-only">${this.t("work.complete")}</span>`;
    const icon = text(task.icon) || ICONS[task.type] || "";
    return icon === "" ? html`<span class="dot" aria-hidden="true"></span>` : html`<ck-icon .name=${icon}></ck-icon>`;
  }

  private renderBody(task: Task) {
    switch (task.type) {
      case "custom":
      case "thought":
        return this.renderProse(text(task.content));
      case "web_search":
        return some(renderQueries(texts(task.queries)), renderSources(task));
      case "file":
        return renderSources(task);
      default:
        return nothing;
    }
  }

  private renderProse(content: string) {
    if (content === "") return nothing;
    return html`<ck-markdown .text=${content} ?streaming=${this.running}></ck-markdown>`;
  }
}

const ICONS: Readonly<Record<string, string>> = {
  web_search: "globe",
  file: "document",
  image: "images",
};

/** The task's title, or what its kind says of itself; thoughts need none. */
export function titleOf(task: Task, texts: Texts): string {
  const title = text(task.title);
  if (title !== "") return title;
  const isLoading = task.status_indicator === "loading";
  switch (task.type) {
    case "web_search":
      return searchTitle(text(task.title_query), isLoading, texts);
    case "file":
      return texts.t(isLoading ? "work.readingFiles" : "work.files");
    case "image":
      return texts.t(isLoading ? "work.makingImage" : "work.image");
    default:
      return "";
  }
}

function searchTitle(query: string, isLoading: boolean, texts: Texts): string {
  if (query === "") return texts.t(isLoading ? "work.searching" : "work.search");
  return texts.t(isLoading ? "work.searchingFor" : "work.searchFor", { query });
}

function renderQueries(queries: readonly string[]) {
  if (queries.length === 0) return nothing;
  return html`<ul class="queries" role="list">
    ${queries.map((query) => html`<li><ck-icon name="search"></ck-icon><bdi>${query}</bdi></li>`)}
  </ul>`;
}

function renderSources(task: Task) {
  const sources = objects(task.sources);
  return sources.length === 0 ? nothing : html`<ck-source-chips .sources=${sources}></ck-source-chips>`;
}

function some(...parts: (TemplateResult | typeof nothing)[]) {
  return parts.every((part) => part === nothing) ? nothing : parts;
}

define("ck-task", TaskElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-task": TaskElement;
  }
}
