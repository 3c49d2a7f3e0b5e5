import { ApiError, type Client } from "../api/client";
import { en } from "../locale/en";
import type { Item, Page, Thread, ThreadEvent, UserInput } from "../protocol";
import { after, begun, EMPTY, ended, failed, loaded, reloaded, replacedItem, withOlder, working, type Conversation } from "../state/conversation";
import { soundEvent } from "../state/sound";
import { TurnGone, turnEvents, type TurnSource } from "./turn";

/** Who shows the chat, and is told of what is more than a change of the conversation. */
export interface ChatHost {
  /** Something is to be drawn. */
  changed(): void;
  threadChanged(id: string | null): void;
  loading(id: string, isLoading: boolean): void;
  responding(isResponding: boolean): void;
  failed(error: Error): void;
  effect(name: string, data: Readonly<Record<string, unknown>> | undefined): void;
  /** Each event as it arrived. */
  received(event: ThreadEvent): void;
  /** Does what a client tool call asks for and gives its result. */
  callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export interface WidgetAction {
  readonly type: string;
  readonly payload?: unknown;
}

const PAGE = 50;

/** One conversation at a time: what is known of it, and everything that can be done with it. */
export class Chat {
  conversation: Conversation = EMPTY;
  /** The message that was sent and is not yet confirmed. */
  sending: UserInput | null = null;
  isConnected = true;
  #loading: string | null = null;
  /** Whether messages were sent since it was opened: then the newest stands at the top of the view. */
  isTalking = false;
  readonly #client: Client;
  readonly #host: ChatHost;
  #leaving = new AbortController();
  #wantsStop = false;
  /** Of the reading during which the page carries out a tool. */
  #calling: AbortSignal | null = null;
  #accepted: () => void = () => undefined;
  /** Those who wait for the end of the answer, each for the end of the one before. */
  #waiting: (() => void)[] = [];

  constructor(client: Client, host: ChatHost) {
    this.#client = client;
    this.#host = host;
  }

  get threadId(): string | null {
    return this.conversation.thread?.id ?? null;
  }

  /** Whether a thread is being loaded, to be shown. */
  get isLoading(): boolean {
    return this.#loading !== null;
  }

  get isResponding(): boolean {
    return this.conversation.answer !== null || this.sending !== null;
  }

  /** Shows another thread, or none. What runs in the old one goes on without us. Raises ApiError. */
  async open(id: string | null): Promise<void> {
    const signal = this.#leave();
    this.#show(EMPTY);
    this.isTalking = false;
    if (id === null) return this.#host.threadChanged(null);
    this.#setLoading(id, true);
    try {
      const conversation = await this.#load(id, signal);
      if (signal.aborted) return;
      this.#show(conversation);
      this.#host.threadChanged(id);
    } finally {
      if (!signal.aborted) this.#setLoading(id, false);
    }
    void this.#attach(id, signal);
  }

  /** Stops reading; the answer goes on. */
  leave(): void {
    this.#leave();
  }

  /** Loads again what may have changed on the server, and joins an answer that runs there. Raises ApiError. */
  async refresh(): Promise<void> {
    const id = this.threadId;
    if (id === null || this.isResponding) return;
    const signal = this.#leaving.signal;
    const conversation = await this.#load(id, signal);
    if (signal.aborted || this.isResponding) return;
    this.#show({ ...reloaded(this.conversation, conversation), notices: this.conversation.notices, error: this.conversation.error });
    void this.#attach(id, signal);
  }

  async loadOlder(): Promise<void> {
    const id = this.threadId;
    const oldest = this.conversation.items[0];
    if (id === null || oldest === undefined) return;
    const signal = this.#leaving.signal;
    const page = await this.#page(id, oldest.id, signal);
    if (!signal.aborted) this.#show(withOlder(this.conversation, [...page.data].reverse(), page.has_more));
  }

  /**
   * Sends a message; `accepted` is called when the server has it. Raises ApiError when it was refused, then it is not in the
   * thread, and AbortError when it was stopped before anybody knew.
   */
  async send(input: UserInput, accepted: () => void = () => undefined): Promise<void> {
    const thread = this.threadId;
    const { signal } = this.#leaving;
    this.sending = input;
    this.#accepted = accepted;
    this.isTalking = true;
    try {
      if (thread === null) await this.#run("threads.create", { input });
      else await this.#run("threads.add_user_message", { thread_id: thread, input });
      if (this.sending === input) signal.throwIfAborted();
    } finally {
      if (this.sending === input) this.sending = null;
      this.#changed();
    }
  }

  /** Answers a user message again, in place of what followed it. */
  async retry(userMessage: string): Promise<void> {
    const place = this.conversation.items.findIndex((item) => item.id === userMessage);
    const kept = this.conversation.items.slice(0, place + 1);
    const before = this.conversation;
    this.#show({ ...before, items: kept });
    try {
      await this.#run("threads.retry_after_item", { thread_id: this.threadId, item_id: userMessage });
    } catch (error) {
      this.#show({ ...before, answer: null });
      throw error;
    }
  }

  /** Runs an action on the server and shows what comes of it, after an answer that is still coming. */
  async act(action: WidgetAction, itemId: string | null, streaming = true): Promise<void> {
    const params = { thread_id: this.#requireThread(), item_id: itemId, action };
    if (streaming) return this.whenQuiet(() => this.#run("threads.custom_action", params));
    const answer = await this.#client.ask<{ updated_item?: Item }>("threads.sync_custom_action", params);
    if (answer.updated_item) this.#show(replacedItem(this.conversation, answer.updated_item));
  }

  async answerQuestions(itemId: string, submission: object): Promise<void> {
    await this.#run("threads.add_structured_input", {
      thread_id: this.#requireThread(),
      item_id: itemId,
      input: submission,
    });
  }

  async giveFeedback(itemIds: readonly string[], kind: "positive" | "negative"): Promise<void> {
    await this.#client.ask("items.feedback", { thread_id: this.#requireThread(), item_ids: itemIds, kind });
  }

  /** Has the answer end here. What was said so far stays. */
  async stop(): Promise<void> {
    const id = this.threadId;
    if (this.#calling === this.#leaving.signal) return this.#abortReading(); // the server waits for nothing yet
    if (!this.isConnected) return this.#giveUp(id);
    this.#wantsStop = id === null || this.conversation.answer?.hasEvents === false; // as soon as it runs
    if (id === null || this.#wantsStop) return;
    const wasTold = await this.#client.cancel(id);
    if (!wasTold) this.#abortReading();
  }

  /** Begins the work as soon as no answer is coming any more. Raises AbortError when the thread is left before. */
  async whenQuiet<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#leaving;
    while (this.isResponding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!signal.aborted) return work();
    this.#waiting.shift()?.();
    throw new DOMException("The thread was left.", "AbortError");
  }

  /** The thread has a new title, or status. */
  setThread(thread: Partial<Omit<Thread, "items">>): void {
    const { thread: known } = this.conversation;
    if (known !== null) this.#show({ ...this.conversation, thread: { ...known, ...thread } });
  }

  dismissError(): void {
    this.#show({ ...this.conversation, error: null });
  }

  // ---- turns

  /** Begins a turn and follows it to its end. Raises ApiError when it could not begin. */
  async #run(type: string, params: object): Promise<void> {
    const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    await this.#follow({
      begin: (signal) => this.#client.stream(type, params, key, signal),
      join: (seen, signal, turn) => this.#join(seen, signal, turn),
    });
    await this.#callTools();
  }

  /** Follows the answer that runs on the server, if one does: it is told again from its first event. */
  async #attach(id: string, signal: AbortSignal): Promise<void> {
    try {
      const stream = await this.#client.attach(id, 0, signal);
      if (stream === null || signal.aborted) return;
      let first: typeof stream | null = stream;
      await this.#follow({
        begin: async (again) => {
          const begun = first ?? (await this.#client.attach(id, 0, again));
          first = null;
          return begun;
        },
        join: (seen, again, turn) => this.#join(seen, again, turn),
      });
      await this.#callTools();
    } catch (error) {
      if (!signal.aborted) this.#host.failed(asError(error));
    }
  }

  #join(seen: number, signal: AbortSignal, turn: string | null) {
    const id = this.threadId;
    return id === null ? Promise.resolve(null) : this.#client.attach(id, seen, signal, turn);
  }

  async #follow(source: TurnSource): Promise<void> {
    const { signal } = this.#leaving;
    this.#wantsStop = false;
    this.#show(begun(this.conversation));
    this.#host.responding(true);
    const connected = (isConnected: boolean) => {
      if (!signal.aborted) this.#setConnected(isConnected);
    };
    try {
      for await (const event of turnEvents(source, { signal, connected })) {
        if (signal.aborted) break;
        this.#receive(event);
      }
    } catch (error) {
      if (!signal.aborted) await this.#recover(error, signal);
    } finally {
      if (!signal.aborted) {
        this.#setConnected(true);
        this.#show(ended(this.conversation));
      }
      this.#host.responding(false);
    }
  }

  /** A turn that ended out of sight is loaded; what was refused before anything happened is the caller's. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const id = this.threadId;
    if (error instanceof TurnGone && id !== null) return this.#reload(id, error.turn, signal);
    const hasBegun = this.conversation.answer?.hasEvents ?? false;
    if (!hasBegun) throw error;
    this.#show(failed(this.conversation, asError(error)));
    this.#host.failed(asError(error));
  }

  /** Shows what the server has kept of a turn, and how it ended. */
  async #reload(id: string, turn: string | null, signal: AbortSignal): Promise<void> {
    const conversation = await this.#load(id, signal);
    if (signal.aborted) return;
    this.#show(reloaded(this.conversation, conversation));
    const told = turn === null ? null : await this.#client.attach(id, 0, signal, turn);
    if (told === null) return;
    for await (const event of told.events) if (event.type === "error" && !signal.aborted) this.#receive(event);
  }

  #receive(raw: ThreadEvent): void {
    this.#host.received(raw);
    const event = soundEvent(raw);
    if (event.type === "client_effect") this.#host.effect(event.name, event.data);
    if (event.type === "error") this.#host.failed(new Error(event.message ?? event.code));
    const before = this.threadId;
    this.#show(after(this.conversation, event));
    if (this.threadId !== before) this.#host.threadChanged(this.threadId);
    if (event.type === "thread.item.done" && event.item.type === "user_message") this.#confirm();
    if (this.#wantsStop && this.threadId !== null) void this.stop().catch((error: unknown) => this.#host.failed(asError(error)));
  }

  /** The server cannot be reached: it is told if it is there again by now. */
  #giveUp(id: string | null): void {
    this.#abortReading();
    this.#setConnected(true);
    if (id !== null) void this.#client.cancel(id).catch(() => undefined);
  }

  /** The server has the message. */
  #confirm(): void {
    this.sending = null;
    this.#accepted();
  }

  /** A turn that ended in a call to the page goes on with what the page answers. */
  async #callTools(): Promise<void> {
    const call = this.conversation.items.at(-1);
    if (call?.type !== "client_tool_call" || call.status !== "pending" || this.conversation.error) return;
    const { signal } = this.#leaving;
    this.#calling = signal;
    this.#show(working(this.conversation));
    const result = await this.#host.callTool(call.name, call.arguments);
    if (signal.aborted) return;
    this.#calling = null;
    this.#show(replacedItem(this.conversation, { ...call, status: "completed" }));
    await this.#run("threads.add_client_tool_output", { thread_id: this.threadId, result: result ?? null });
  }

  // ---- loading

  async #load(id: string, signal: AbortSignal): Promise<Conversation> {
    const thread = await this.#client.ask<Thread>("threads.get_by_id", { thread_id: id }, signal);
    if (!thread.items.has_more) return loaded(thread);
    const page = await this.#page(id, null, signal); // the newest, which a long thread does not begin with
    return loaded({ ...thread, items: { ...page, data: [...page.data].reverse() } });
  }

  #page(id: string, before: string | null, signal: AbortSignal): Promise<Page<Item>> {
    const params = { thread_id: id, limit: PAGE, order: "desc", after: before };
    return this.#client.ask<Page<Item>>("items.list", params, signal);
  }

  #requireThread(): string {
    const id = this.threadId;
    if (id === null) throw new ApiError(en["chat.noThread"], 0, "", "chat.noThread");
    return id;
  }

  #leave(): AbortSignal {
    this.#abortReading();
    if (this.#loading !== null) this.#setLoading(this.#loading, false);
    this.sending = null;
    this.#setConnected(true);
    return this.#leaving.signal;
  }

  #abortReading(): void {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#show(ended(this.conversation));
  }

  #setConnected(isConnected: boolean): void {
    this.isConnected = isConnected;
    this.#changed();
  }

  #setLoading(id: string, isLoading: boolean): void {
    this.#loading = isLoading ? id : null;
    this.#host.loading(id, isLoading);
    this.#changed();
  }

  #changed(): void {
    this.#host.changed();
    if (!this.isResponding) this.#waiting.shift()?.();
  }

  #show(conversation: Conversation): void {
    if (conversation === this.conversation) return;
    this.conversation = conversation;
    this.#changed();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
