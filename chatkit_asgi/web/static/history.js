// The list of conversations: pages of threads, newest first, with rename and delete.

import { call } from "./api.js";
import { ask } from "./dialog.js";
import { announce, byId, el, iconButton } from "./dom.js";
import { titleOf } from "./titles.js";

const PAGE_SIZE = 30;

/** The address of a thread within the page. */
export function addressOf(id) {
  return `#/${encodeURIComponent(id)}`;
}

export class History {
  /** `host` hears of renamed(thread), deleted(id) and failed(message). */
  constructor(host) {
    this.host = host;
    this.rows = new Map(); // id -> <li>
    this.current = null;
    this.after = null;
    this.hasFailed = false; // the last load; then what is listed is not all
    this.list = byId("threads");
    this.note = byId("threads-note");
    this.more = byId("more-threads");
    this.more.addEventListener("click", () => this.load());
  }

  async load() {
    this.hasFailed = false;
    try {
      const page = await call("threads.list", { limit: PAGE_SIZE, order: "desc", after: this.after });
      page.data.forEach((thread) => this.show(thread));
      this.after = page.after ?? null;
      this.more.hidden = !(page.has_more && page.after);
      this.sayIfEmpty();
    } catch (error) {
      this.hasFailed = true;
      this.say(error.message);
    }
  }

  /** Shows a thread of a page below the others; one that is there already keeps its place. */
  show(thread) {
    const old = this.rows.get(thread.id);
    const row = this.row(thread);
    this.rows.set(thread.id, row);
    if (old) old.replaceWith(row);
    else this.list.append(row);
  }

  /** Shows a thread that was made or changed just now. */
  update(thread) {
    const isNew = !this.rows.has(thread.id);
    this.show(thread);
    if (isNew) this.list.prepend(this.rows.get(thread.id));
    this.say("");
    if (this.hasFailed) this.load(); // now that the server answers
  }

  /** Draws the row of a thread anew, if there is one: it may be called by other words now. */
  refresh(thread) {
    if (this.rows.has(thread.id)) this.show(thread);
  }

  select(id) {
    this.current = id;
    for (const [threadId, row] of this.rows) mark(row.firstElementChild, threadId === id);
  }

  row(thread) {
    const title = titleOf(thread);
    const anchor = el("a", { class: "thread", href: addressOf(thread.id), title }, title);
    mark(anchor, thread.id === this.current);
    return el(
      "li",
      { class: "thread-row" },
      anchor,
      el(
        "span",
        { class: "thread-actions" },
        iconButton("edit", `Rename ${title}`, () => this.rename(thread)),
        iconButton("trash", `Delete ${title}`, () => this.delete(thread)),
      ),
    );
  }

  async rename(thread) {
    const title = await ask({
      title: "Rename the conversation",
      label: "Title",
      value: thread.title ?? "",
      ok: "Rename",
    });
    if (!title?.trim()) return;
    await this.attempt(async () => {
      const renamed = await call("threads.update", { thread_id: thread.id, title: title.trim() });
      this.show(renamed);
      this.host.renamed(renamed);
    });
  }

  async delete(thread) {
    const text = `“${titleOf(thread)}” and its files will be gone for good.`;
    if (!(await ask({ title: "Delete the conversation?", text, ok: "Delete", danger: true }))) return;
    await this.attempt(async () => {
      await call("threads.delete", { thread_id: thread.id });
      this.rows.get(thread.id)?.remove();
      this.rows.delete(thread.id);
      this.host.deleted(thread.id);
      this.sayIfEmpty();
      announce("Conversation deleted.");
    });
  }

  async attempt(work) {
    try {
      await work();
    } catch (error) {
      this.say(error.message);
    }
  }

  sayIfEmpty() {
    this.say(this.rows.size === 0 ? "Your conversations will be listed here." : "");
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }
}

function mark(anchor, isCurrent) {
  if (isCurrent) anchor.setAttribute("aria-current", "page");
  else anchor.removeAttribute("aria-current");
}
