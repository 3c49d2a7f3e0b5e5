import { ApiError, type Client } from "../api/client";
import type { UserInput } from "../protocol";
import { Chat, type ChatHost } from "./chat";
import { Drafts } from "./drafts";
import { Tabs } from "./tabs";
import { Threads } from "./threads";

/** What shows a session: where is written, and what is to be drawn again. */
export interface SessionHost extends ChatHost {
  /** Another thread is to be seen, with what was written for it. */
  showDraft(text: string): void;
  /** What is in the composer now. */
  readonly written: string;
}

/** What one user does with one server: the thread that is to be seen, what is written for it, the list of threads. */
export class Session {
  readonly chat: Chat;
  threads: Threads;
  /** Why the thread that is wanted cannot be seen. */
  problem: Error | null = null;
  /** The thread that is to be seen; the chat has it when it is loaded. */
  wanted: string | null = null;
  #opening: Promise<void> = Promise.resolve();
  #drafts = new Drafts("");
  #tabs: Tabs | null = null;
  #url = "";
  #isAway = false;
  /** Whether a turn has begun that other tabs do not know of. */
  #isNews = false;
  /** The words of a message that is on its way. */
  #unsent = "";
  readonly #client: Client;
  readonly #host: SessionHost;

  constructor(client: Client, host: SessionHost) {
    this.#client = client;
    this.#host = host;
    this.chat = new Chat(client, host);
    this.threads = new Threads(client, () => host.changed());
  }

  /** Starts anew with a server, if it is another one than before: whether it is. */
  begin(url: string, thread: string | null): boolean {
    if (url === this.#url) return false;
    this.#url = url;
    this.#drafts = new Drafts(url);
    this.#tabs?.close();
    this.#tabs = new Tabs(url, (changed) => changed === this.chat.threadId && this.look());
    if (!this.#isAway) this.#tabs.open();
    this.threads = new Threads(this.#client, () => this.#host.changed());
    void this.open(thread);
    return true;
  }

  /** Shows a thread, or with null none. What goes wrong is the `problem`. */
  open(id: string | null): Promise<void> {
    this.wanted = id;
    return (this.#opening = this.#opened(id));
  }

  /** Ends when nothing is being opened. */
  opened(): Promise<void> {
    return this.#opening;
  }

  /**
   * Before anything is said in a thread that could not be loaded it is tried again; in place of a missing one there is a
   * new one. Raises ApiError.
   */
  async reopened(): Promise<void> {
    await this.#opening;
    if (this.problem !== null && this.wanted !== null) await this.open(this.wanted);
    if (this.problem !== null && this.wanted !== null) throw this.problem;
    this.problem = null;
  }

  /** Sends what was written: `text` are its words. True when it need not be written again. Raises ApiError. */
  async send(input: UserInput, text: string): Promise<boolean> {
    this.#unsent = text;
    this.keepDraft("");
    try {
      await this.reopened();
      const thread = this.chat.threadId;
      await this.chat.send(input, () => this.#accepted(thread));
      return true;
    } catch (error) {
      const isAborted = (error as Error).name === "AbortError";
      if (isAborted && this.#unsent === "") return true; // it is there, or a draft of the thread that was left
      this.#unsent = "";
      if (isAborted) return false;
      throw error;
    }
  }

  /** Until the server has a message, it belongs to what would be lost. */
  keepDraft(text: string): void {
    this.#drafts.save(this.chat.threadId, [this.#unsent, text].filter(Boolean).join("\n"));
  }

  /** The chat shows this thread now. */
  showing(id: string | null): void {
    this.wanted = id;
    const { thread } = this.chat.conversation;
    if (thread) this.threads.update({ ...thread, items: { data: [], has_more: false } });
  }

  /** A turn begins or ends here: other tabs want to know. */
  responding(isResponding: boolean): void {
    this.#isNews = isResponding;
    if (!isResponding) this.#tellTabs();
  }

  /** Something of a turn has arrived. */
  received(): void {
    if (this.#isNews) this.#tellTabs();
  }

  /** Sees whether there is something new; if the server cannot be asked now, there is none. */
  look(): void {
    if (!navigator.onLine || document.hidden) return;
    void this.chat.refresh().catch(() => undefined);
  }

  /** Nobody looks any more: stops reading. Answers go on. */
  leave(): void {
    this.#isAway = true;
    this.#tabs?.close();
    this.chat.leave();
  }

  /** Somebody looks again. Raises ApiError. */
  async comeBack(): Promise<void> {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#tabs?.open();
    if (this.chat.threadId !== this.wanted) return this.open(this.wanted);
    await this.chat.refresh();
  }

  async #opened(id: string | null): Promise<void> {
    this.problem = null;
    this.#unsent = "";
    this.#host.showDraft(this.#drafts.load(id));
    try {
      await this.chat.open(id);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      this.problem = missing(error) ?? (error as Error);
      this.#host.failed(error as Error);
      if (missing(error)) this.#host.threadChanged(null);
    }
  }

  /** The server has the message that was sent from `thread`, which may be a new one now. */
  #accepted(thread: string | null): void {
    this.#unsent = "";
    this.#drafts.save(thread, "");
    this.keepDraft(this.#host.written);
  }

  #tellTabs(): void {
    const id = this.chat.threadId;
    this.#isNews = this.#isNews && id === null;
    if (id !== null) this.#tabs?.tell(id);
  }
}

/** What a 404 means where a thread was asked for. */
function missing(error: unknown): ApiError | null {
  const isMissing = error instanceof ApiError && error.status === 404;
  return isMissing ? new ApiError(error.message, 404, error.code, "chat.notFound") : null;
}
