import type { HistoryOption } from "@openai/chatkit";
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Found, Threads } from "../chat/threads";
import type { Thread } from "../protocol";
import type { Confirm } from "../ui/confirm";
import { ChatElement, define } from "../ui/element";
import type { MenuEntry } from "../ui/menu";

const SEARCH_PAUSE = 250; // ms
const DAY = 86_400_000; // ms

/** The user's threads: to open (`ck-open`), rename (`ck-renamed`), delete (`ck-deleted`) and search. `ck-close` when it is left. */
export class History extends ChatElement {
  static override properties = {
    threads: { attribute: false },
    revision: { attribute: false },
    options: { attribute: false },
    current: {},
    renaming: { state: true },
    query: { state: true },
    problem: { state: true },
  };
  declare threads: Threads;
  /** Changes whenever the threads do. */
  declare revision: number;
  declare options: HistoryOption;
  declare current: string | null;
  declare renaming: string | null;
  declare query: string;
  declare problem: Error | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.revision = 0;
    this.options = {};
    this.current = null;
    this.renaming = null;
    this.query = "";
    this.problem = null;
  }

  static override styles = css`
    :host {
      background: var(--ck-surface);
      display: flex;
      flex-direction: column;
      min-block-size: 0;
      padding: calc(2 * var(--ck-space)) calc(3 * var(--ck-space));
    }
    .search {
      background: var(--ck-surface-sunken);
      border: 1px solid var(--ck-border-field);
      border-radius: var(--ck-radius-full);
      inline-size: 100%;
      min-block-size: 2.5rem;
      padding-inline: calc(4 * var(--ck-space));
    }
    .search::placeholder {
      color: var(--ck-text-tertiary);
      opacity: 1;
    }
    .list {
      flex: 1;
      margin: 0 auto;
      max-inline-size: 44rem;
      inline-size: 100%;
      min-block-size: 0;
      overflow-y: auto;
      padding-block: calc(2 * var(--ck-space));
    }
    .top {
      inline-size: 100%;
      margin: 0 auto;
      max-inline-size: 44rem;
    }
    ul {
      list-style: none;
      padding: 0;
    }
    h2 {
      color: var(--ck-text-secondary);
      font-size: 0.8125em;
      font-weight: 600;
      margin: calc(3 * var(--ck-space)) calc(3 * var(--ck-space)) var(--ck-space);
    }
    li {
      align-items: center;
      border-radius: var(--ck-radius-md);
      display: flex;
      padding-inline-end: var(--ck-space);
    }
    li:hover,
    li:has(.open[aria-current="true"]) {
      background: var(--ck-hover);
    }
    .open {
      background: none;
      border: 0;
      flex: 1;
      min-block-size: 2.5rem;
      min-inline-size: 0;
      overflow: hidden;
      padding-inline: calc(3 * var(--ck-space));
      text-align: start;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    small {
      color: var(--ck-text-secondary);
      display: block;
      font-size: 0.8125em;
      overflow: hidden;
      padding-block-end: var(--ck-space);
      text-overflow: ellipsis;
    }
    mark {
      background: none;
      color: var(--ck-text);
      font-weight: 600;
    }
    .rename {
      display: flex;
      flex: 1;
      gap: var(--ck-space);
      min-inline-size: 0;
      padding: var(--ck-space);
    }
    .rename input {
      background: var(--ck-surface);
      border: 1px solid var(--ck-border-field);
      border-radius: var(--ck-radius-sm);
      flex: 1;
      min-block-size: 2rem;
      min-inline-size: 0;
      padding-inline: calc(2 * var(--ck-space));
    }
    .note {
      color: var(--ck-text-secondary);
      padding: calc(6 * var(--ck-space));
      text-align: center;
    }
    .problem {
      color: var(--ck-danger);
    }
    .more {
      display: block;
      margin: calc(3 * var(--ck-space)) auto;
    }
  `;

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(".search")?.focus();
  }

  override render(): TemplateResult {
    const { found, list, isLoading, hasMore, error } = this.threads;
    const count = (found ?? list).length;
    const problem = this.problem ?? error;
    const words = problem && this.texts.error(problem);
    return html`<div class="top">
        <input
          class="search"
          type="search"
          part="search"
          .value=${this.query}
          placeholder=${this.t("history.search")}
          aria-label=${this.t("history.search")}
          @input=${this.#typed}
        />
      </div>
      <div class="list" part="history-list">
        ${words ? html`<p class="note problem" role="alert">${words}</p>` : nothing}
        ${found ? this.#rows(found) : this.#groups(list)}
        ${count === 0 && !isLoading && !problem ? this.#empty() : nothing}
        ${isLoading ? html`<p class="note">${this.t("chat.loading")}</p>` : nothing}
        ${hasMore && !found && !isLoading
          ? html`<button class="button more" type="button" @click=${() => this.threads.loadMore()}>${this.t("history.more")}</button>`
          : nothing}
      </div>
      <ck-confirm></ck-confirm>`;
  }

  #empty(): TemplateResult {
    const text = this.t(this.threads.found ? "history.nothingFound" : "history.empty");
    return html`<p class="note" role="status">${text}</p>`;
  }

  #groups(threads: readonly Thread[]): unknown {
    const now = new Date();
    const groups = Map.groupBy(threads, (thread) => ageOf(new Date(thread.created_at), now));
    return [...groups].map(([age, members]) => html`<h2>${this.t(`history.${age}`)}</h2>${this.#rows(members.map(plain))}`);
  }

  #rows(rows: readonly Found[]): TemplateResult {
    const draw = (row: Found) => (row.thread.id === this.renaming ? this.#rename(row.thread) : this.#row(row));
    return html`<ul>
      ${repeat(rows, ({ thread }) => thread.id, (row) => html`<li>${draw(row)}</li>`)}
    </ul>`;
  }

  #row({ thread, snippet }: Found): TemplateResult[] {
    const title = this.#title(thread);
    const isCurrent = thread.id === this.current;
    const row = html`<button
      class="open"
      part="history-entry"
      type="button"
      dir="auto"
      aria-current=${isCurrent ? "true" : nothing}
      @click=${() => this.emit("ck-open", thread.id)}
    >
      ${title} ${snippet.length ? html`<small dir="auto">${snippet.map(piece)}</small>` : nothing}
    </button>`;
    const entries = this.#entries();
    if (entries.length === 0) return [row];
    const menu = html`<ck-menu
      label=${this.t("history.actions", { title })}
      .entries=${entries}
      @ck-choose=${(event: CustomEvent<string>) => this.#chosen(event.detail, thread)}
    >
      <ck-icon name="dots-horizontal"></ck-icon>
    </ck-menu>`;
    return [row, menu];
  }

  #entries(): MenuEntry[] {
    const { showRename = true, showDelete = true } = this.options;
    return [
      ...(showRename ? [{ id: "rename", label: this.t("history.rename"), icon: "write" }] : []),
      ...(showDelete ? [{ id: "delete", label: this.t("history.delete"), icon: "delete", isDanger: true }] : []),
    ];
  }

  #rename(thread: Thread): TemplateResult {
    return html`<form class="rename" @submit=${(event: Event) => this.#saveTitle(event, thread)}>
      <input
        name="title"
        dir="auto"
        maxlength="2000"
        .value=${thread.title ?? ""}
        aria-label=${this.t("history.renameLabel")}
        @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#endRenaming(event)}
      />
      <button class="button primary" type="submit">${this.t("chat.save")}</button>
      <button class="button" type="button" @click=${this.#endRenaming}>${this.t("chat.cancel")}</button>
    </form>`;
  }

  #title(thread: Thread): string {
    return thread.title || this.t("chat.untitled");
  }

  async #chosen(id: string, thread: Thread): Promise<void> {
    if (id === "rename") return this.#startRenaming(thread);
    const confirm = this.renderRoot.querySelector("ck-confirm") as Confirm;
    const question = this.t("history.deleteAsk", { title: this.#title(thread) });
    if (!(await confirm.ask(question, this.t("history.delete")))) return;
    await this.#attempt(async () => {
      await this.threads.delete(thread.id);
      this.emit("ck-deleted", thread.id);
    });
    this.focus();
  }

  async #startRenaming(thread: Thread): Promise<void> {
    this.renaming = thread.id;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLInputElement>(".rename input")?.select();
  }

  #endRenaming(event?: Event): void {
    event?.stopPropagation();
    this.renaming = null;
    this.focus();
  }

  async #saveTitle(event: Event, thread: Thread): Promise<void> {
    event.preventDefault();
    const title = String(new FormData(event.target as HTMLFormElement).get("title")).trim();
    this.#endRenaming();
    if (!title || title === thread.title) return;
    await this.#attempt(async () => {
      await this.threads.rename(thread.id, title);
      this.emit("ck-renamed", { id: thread.id, title });
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = error as Error;
    }
  }

  #typed(event: Event): void {
    this.query = (event.target as HTMLInputElement).value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.threads.search(this.query), SEARCH_PAUSE);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.#pressed);
  }

  readonly #pressed = (event: KeyboardEvent): void => {
    const isAbove = event.composedPath().some((each) => each instanceof HTMLElement && each.matches("dialog, [popover]"));
    if (event.key === "Escape" && !event.defaultPrevented && !isAbove) this.emit("ck-close"); // else what lies above it closes
  };
}

function plain(thread: Thread): Found {
  return { thread, snippet: [] };
}

function piece({ text, is_match }: Found["snippet"][number]): unknown {
  return is_match ? html`<mark>${text}</mark>` : text;
}

/** Which heading a thread of that day stands under. */
export function ageOf(day: Date, now: Date): "today" | "yesterday" | "week" | "earlier" {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (day.getTime() >= midnight) return "today";
  if (day.getTime() >= midnight - DAY) return "yesterday";
  return day.getTime() >= midnight - 7 * DAY ? "week" : "earlier";
}

define("ck-history", History);
