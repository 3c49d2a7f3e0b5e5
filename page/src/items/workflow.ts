import { css, html, nothing } from "lit";
import { classMap } from "lit/directives/class-map.js";
import type { Texts } from "../locale/texts";
import type { Task, Workflow, WorkflowItem } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { durationText } from "./duration";
import { objects, text } from "./read";
import "./task";

/**
 * `<ck-workflow .item ?running>`: what the assistant did on the way to its answer. Open while it runs and when
 * the server wants it open; what the reader chooses wins over both.
 */
export class WorkflowElement extends ChatElement {
  static override properties = {
    item: { attribute: false },
    running: { type: Boolean },
    choice: { state: true },
  };
  static override styles = css`
    :host {
      display: block;
    }
    .summary {
      align-items: center;
      background: none;
      border: 0;
      border-radius: var(--ck-radius-sm);
      color: var(--ck-text-secondary);
      display: inline-flex;
      gap: calc(1.5 * var(--ck-space));
      max-inline-size: 100%;
      min-block-size: 1.75rem;
      padding: 0;
      text-align: start;
    }
    .summary:hover {
      color: var(--ck-text);
    }
    .summary .words {
      overflow-wrap: anywhere;
    }
    .running .words {
      color: var(--ck-text-tertiary);
      animation: breathe 1.6s ease-in-out infinite;
    }
    .chevron {
      color: var(--ck-text-tertiary);
      transition: rotate 0.2s;
    }
    .open .chevron {
      rotate: 90deg;
    }
    .chevron:dir(rtl) {
      scale: -1 1;
    }
    .open .chevron:dir(rtl) {
      rotate: -90deg;
    }
    .fold {
      display: grid;
      grid-template-rows: 0fr;
      transition: grid-template-rows 0.2s;
    }
    .open .fold {
      grid-template-rows: 1fr;
    }
    .inner {
      min-block-size: 0;
      overflow: hidden;
      transition: visibility 0.2s;
      visibility: hidden;
    }
    .open .inner {
      visibility: visible;
    }
    ol {
      list-style: none;
      padding: calc(1.5 * var(--ck-space)) 3px 3px;
    }
    li {
      padding-block-end: calc(3 * var(--ck-space));
      position: relative;
    }
    li:last-child {
      padding-block-end: 0;
    }
    li:not(:last-child)::before {
      background: var(--ck-border);
      content: "";
      inline-size: 1px;
      inset-block: calc(1.5em + 1px) 2px;
      inset-inline-start: 0.6rem;
      position: absolute;
    }
    @keyframes breathe {
      50% {
        color: var(--ck-text);
      }
    }
  `;

  declare item: WorkflowItem | null;
  declare running: boolean;
  /** Whether the reader has opened or closed it; null before. */
  declare private choice: boolean | null;
  /** Tasks that nobody has looked at are not drawn. */
  #wasOpen = false;

  constructor() {
    super();
    this.item = null;
    this.running = false;
    this.choice = null;
  }

  protected override willUpdate(changed: Map<string, WorkflowItem | null>): void {
    const before = changed.get("item");
    if (!before || before.id === this.item?.id) return;
    this.choice = null; // the element is used for another item now
    this.#wasOpen = false;
  }

  protected override render() {
    const workflow = this.item?.workflow;
    if (typeof workflow !== "object" || workflow === null) return nothing;
    const tasks = objects(workflow.tasks);
    const isOpen = tasks.length > 0 && (this.choice ?? (this.running || workflow.expanded === true));
    this.#wasOpen ||= isOpen;
    return html`<div class=${classMap({ open: isOpen, running: this.running })} part="workflow">
      ${this.renderSummary(workflow, tasks.length > 0, isOpen)}
      <div class="fold"><div class="inner">${this.#wasOpen ? this.renderTasks(tasks) : nothing}</div></div>
    </div>`;
  }

  private renderSummary(workflow: Workflow, canOpen: boolean, isOpen: boolean) {
    const icon = text(workflow.summary?.icon);
    const words = html`${icon === "" ? nothing : html`<ck-icon .name=${icon}></ck-icon>`}<span class="words" dir="auto"
        >${summaryText(workflow, this.running, this.texts)}</span
      >`;
    if (!canOpen) return html`<span class="summary" part="workflow-summary">${words}</span>`;
    return html`<button
      type="button"
      class="summary"
      part="workflow-summary"
      aria-expanded=${isOpen ? "true" : "false"}
      @click=${() => (this.choice = !isOpen)}
    >
      ${words}<ck-icon class="chevron" name="chevron-right"></ck-icon>
    </button>`;
  }

  private renderTasks(tasks: readonly Task[]) {
    const last = tasks.length - 1;
    return html`<ol role="list">
      ${tasks.map(
        (task, index) => html`<li><ck-task .task=${task} ?running=${this.running && index === last}></ck-task></li>`,
      )}
    </ol>`;
  }
}

/** The line that stands for the whole: its title, else how long it took, else what it is. */
export function summaryText(workflow: Workflow, isRunning: boolean, texts: Texts): string {
  const { summary } = workflow;
  const title = text(summary?.title);
  if (title !== "") return title;
  const isThought = workflow.type === "reasoning";
  if (isRunning) return texts.t(isThought ? "work.thinking" : "work.working");
  const seconds = summary?.duration;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return texts.t(isThought ? "work.thoughts" : "work.steps");
  if (seconds < 1) return texts.t(isThought ? "work.thoughtBriefly" : "work.workedBriefly");
  const duration = durationText(seconds, texts.locale);
  return texts.t(isThought ? "work.thoughtFor" : "work.workedFor", { duration });
}

define("ck-workflow", WorkflowElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-workflow": WorkflowElement;
  }
}
