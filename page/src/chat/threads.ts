import type { Client } from "../api/client";
import type { Page, Thread } from "../protocol";

const PAGE = 40;

/** A thread that was found, and the words around the match where the server tells them. */
export interface Found {
  readonly thread: Thread;
  readonly snippet: readonly { readonly text: string; readonly is_match: boolean }[];
}

/** The user's threads, newest first, as far as they are loaded; and what was found among them. */
export class Threads {
  list: readonly Thread[] = [];
  /** What the search found; null while nothing is searched for. */
  found: readonly Found[] | null = null;
  hasMore = false;
  isLoading = false;
  error: Error | null = null;
  #after: string | null = null;
  #search = new AbortController();
  readonly #client: Client;
  readonly #changed: () => void;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  /** Loads the first page anew. */
  async load(): Promise<void> {
    this.#after = null;
    await this.#attempt(async () => {
      const page = await this.#page();
      this.list = page.data;
    });
  }

  async loadMore(): Promise<void> {
    await this.#attempt(async () => {
      const page = await this.#page();
      const known = new Set(this.list.map((thread) => thread.id));
      this.list = [...this.list, ...page.data.filter((thread) => !known.has(thread.id))];
    });
  }

  /** Looks for threads; nothing is looked for by an empty query. Only the last of several searches counts. */
  async search(query: string): Promise<void> {
    this.#search.abort();
    const search = (this.#search = new AbortController());
    if (query.trim() === "") return this.#find(null);
    await this.#attempt(async () => {
      const found = await this.#found(query, search.signal).catch((error: unknown) => {
        if (search.signal.aborted) return undefined;
        throw error;
      });
      if (found && !search.signal.aborted) this.#find(found);
    });
  }

  async rename(id: string, title: string): Promise<void> {
    const renamed = await this.#client.ask<Thread>("threads.update", { thread_id: id, title });
    this.update(renamed);
  }

  async delete(id: string): Promise<void> {
    await this.#client.ask("threads.delete", { thread_id: id });
    this.list = this.list.filter((thread) => thread.id !== id);
    this.found = this.found?.filter(({ thread }) => thread.id !== id) ?? null;
    this.#changed();
  }

  /** A thread is new, or called otherwise now. */
  update(thread: Thread): void {
    const isKnown = this.list.some((known) => known.id === thread.id);
    const replaced = this.list.map((known) => (known.id === thread.id ? thread : known));
    this.list = isKnown ? replaced : [thread, ...this.list];
    this.found = this.found?.map((found) => (found.thread.id === thread.id ? { ...found, thread } : found)) ?? null;
    this.#changed();
  }

  #find(found: readonly Found[] | null): void {
    this.found = found;
    this.#changed();
  }

  /** By the server, which reads the messages too; where it cannot, by the titles that are here. */
  async #found(query: string, signal: AbortSignal): Promise<readonly Found[]> {
    const path = `threads/search?q=${encodeURIComponent(query)}&limit=${PAGE}`;
    const page = await this.#client.beside<Page<Found>>(path, signal);
    if (page) return page.data;
    const words = query.toLocaleLowerCase();
    const fitting = this.list.filter((thread) => (thread.title ?? "").toLocaleLowerCase().includes(words));
    return fitting.map((thread) => ({ thread, snippet: [] }));
  }

  async #page(): Promise<Page<Thread>> {
    const params = { limit: PAGE, order: "desc", after: this.#after };
    const page = await this.#client.ask<Page<Thread>>("threads.list", params);
    this.#after = page.after ?? page.data.at(-1)?.id ?? null;
    this.hasMore = page.has_more;
    return page;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.isLoading = true;
    this.error = null;
    this.#changed();
    try {
      await work();
    } catch (error) {
      this.error = error as Error;
    } finally {
      this.isLoading = false;
      this.#changed();
    }
  }
}
