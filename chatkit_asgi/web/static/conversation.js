// One open thread: its items on the page, and the turn that is running in it.

import { ApiError, call, stream } from "./api.js";
import { announce, button, el } from "./dom.js";
import { isShown, itemNode, paintItem } from "./items.js";
import { noteBeginning } from "./titles.js";
import { applyUpdate } from "./updates.js";

const PAGE_SIZE = 50;
const TOOL_ANSWERS = 5; // in a row, so that a model that keeps asking ends
const NO_TOOLS = { error: "not supported by this page" };
const SENDING = "sending"; // stands for the id of a user message the server has not confirmed yet

export class Conversation {
  /**
   * `host` hears of what happened: threadChanged(conversation), busyChanged(conversation),
   * contentChanged(conversation), refused(conversation, draft, message).
   */
  constructor(thread, host) {
    this.thread = thread; // null until the server has made it
    this.host = host;
    this.items = new Map(); // id -> {item, node}
    this.dirty = new Set();
    this.turn = null; // AbortController of the running turn
    this.canStop = true;
    this.retried = null; // id of the message that is being answered once more
    this.openTool = null; // a client tool call that the turn ended with
    this.earlier = el("div", { class: "earlier" });
    this.list = el("div", { class: "items" });
    this.progress = el("p", { class: "progress-note muted", hidden: true });
    this.element = el("div", { class: "conversation" }, this.earlier, this.list, this.progress);
  }

  get isBusy() {
    return this.turn !== null;
  }

  get isEmpty() {
    return this.items.size === 0 && !this.list.firstChild;
  }

  // ---- reading

  static async open(threadId, host) {
    const thread = await call("threads.get_by_id", { thread_id: threadId });
    const conversation = new Conversation(thread, host);
    if (thread.items.has_more) await conversation.loadEarlier();
    else thread.items.data.forEach((item) => conversation.put(item));
    conversation.noteBeginning();
    return conversation;
  }

  /** Pages run from the newest item backwards; each goes above what is there. */
  async loadEarlier(after = null) {
    const params = { thread_id: this.thread.id, order: "desc", limit: PAGE_SIZE, after };
    const page = await call("items.list", params);
    const first = this.list.firstChild;
    for (const item of [...page.data].reverse()) this.put(item, first);
    const more = button("Show earlier messages", () => this.showEarlier(page.after), "quiet");
    this.earlier.replaceChildren(...(page.has_more && page.after ? [more] : []));
  }

  /** On request: what the reader was looking at stays in sight, and the focus near it. */
  async showEarlier(after) {
    const first = this.list.firstChild;
    await this.attempt(this.loadEarlier(after), null);
    this.paint();
    first.scrollIntoView();
    this.earlier.firstChild?.focus({ preventScroll: true });
  }

  // ---- turns

  /** Sends a message; `draft` is {text, attachments}. */
  async send(draft) {
    const input = {
      content: draft.text ? [{ type: "input_text", text: draft.text }] : [],
      attachments: draft.attachments.map(({ id }) => id),
      inference_options: {},
    };
    this.put({ id: SENDING, type: "user_message", content: input.content, attachments: draft.attachments });
    const started = this.thread
      ? this.run("threads.add_user_message", { thread_id: this.thread.id, input })
      : this.run("threads.create", { input });
    await started;
    if (this.items.has(SENDING)) this.takeBack(draft);
  }

  stop() {
    this.turn?.abort();
  }

  retry() {
    const id = this.lastUserMessage();
    if (!id || this.isBusy) return undefined;
    this.retried = id;
    return this.run("threads.retry_after_item", { thread_id: this.thread.id, item_id: id });
  }

  /** Carries out a widget's action. */
  async act(action, itemId) {
    if (action.handler === "client") return this.note("warning", "This page has no handler for that action.");
    const params = {
      thread_id: this.thread.id,
      item_id: itemId,
      action: { type: action.type, payload: action.payload ?? null },
    };
    if (action.streaming !== false) return this.run("threads.custom_action", params);
    const { updated_item: item } = await this.attempt(call("threads.sync_custom_action", params), {});
    return item && this.put(item);
  }

  answer(itemId, input) {
    return this.run("threads.add_structured_input", { thread_id: this.thread.id, item_id: itemId, input });
  }

  async rate(item, kind) {
    const params = { thread_id: this.thread.id, item_ids: [item.id], kind };
    const accepted = await this.attempt(call("items.feedback", params), null);
    if (accepted) this.put({ ...item, rating: kind });
    if (accepted) announce("Thank you for the feedback.");
  }

  /** Runs one streaming operation to its end, then answers client tool calls that it left open. */
  async run(type, params, toolAnswers = 0) {
    if (this.isBusy) return this.note("info", "Wait for the answer, or stop it first.");
    this.begin();
    try {
      for await (const event of stream(type, params, this.turn.signal)) this.apply(event);
    } catch (error) {
      this.fail(error);
    }
    this.finish();
    return this.answerClientTool(toolAnswers);
  }

  begin() {
    this.turn = new AbortController();
    this.canStop = true;
    this.openTool = null;
    this.list.querySelectorAll(".note").forEach((note) => note.remove());
    this.showProgress("Thinking…");
    this.host.busyChanged(this);
  }

  finish() {
    this.turn = null;
    this.retried = null;
    this.showProgress(null);
    for (const { item } of this.items.values())
      if (item.isStreaming) this.put({ ...item, isStreaming: false });
    this.host.busyChanged(this);
  }

  /** The server took the request; only now does a retry replace the old answer. */
  accepted({ allow_cancel }) {
    this.canStop = allow_cancel;
    if (this.retried) this.removeAfter(this.retried);
    this.retried = null;
    this.host.busyChanged(this);
  }

  fail(error) {
    this.openTool = null;
    if (error.name === "AbortError") return this.note("info", "Stopped.");
    const message =
      error instanceof ApiError ? error.message : "The connection was lost before the answer was complete.";
    if (this.items.has(SENDING)) this.refusal = message;
    else this.note("danger", message, { canRetry: !error.status || this.retried });
    return undefined;
  }

  /** The message never arrived: it goes back into the composer. */
  takeBack(draft) {
    this.remove(SENDING);
    this.host.refused(this, draft, this.refusal ?? null);
    this.refusal = null;
  }

  answerClientTool(answers) {
    if (!this.openTool) return undefined;
    if (answers >= TOOL_ANSWERS)
      return this.note("warning", "The answer keeps asking for tools that this page does not have.");
    this.put({ ...this.openTool, status: "completed", output: NO_TOOLS });
    const params = { thread_id: this.thread.id, result: NO_TOOLS };
    return this.run("threads.add_client_tool_output", params, answers + 1);
  }

  async attempt(promise, fallback) {
    try {
      return await promise;
    } catch (error) {
      this.note("danger", error.message);
      return fallback;
    }
  }

  // ---- events

  apply(event) {
    EVENTS[event.type]?.(this, event);
  }

  setThread(thread) {
    this.thread = thread;
    this.noteBeginning();
    this.host.threadChanged(this);
  }

  /** The first message on the page tells what the thread is about, unless earlier ones are not loaded. */
  noteBeginning() {
    const first = this.list.querySelector(".user_message");
    if (first && !this.earlier.firstChild)
      noteBeginning(this.thread.id, this.items.get(first.dataset.id).item);
  }

  /** Shows an item, in its old place if it has one, else before `place` or at the end. */
  put(item, place = null) {
    if (item.type === "user_message") this.confirm(item);
    const known = this.items.get(item.id);
    const kept = known && known.item.rating && !item.rating ? { ...item, rating: known.item.rating } : item;
    const isSameKind = known?.item.type === item.type;
    const node = isSameKind ? known.node : itemNode(item);
    this.items.set(item.id, { item: kept, node });
    if (!isShown(item)) known?.node.remove();
    else if (known && !isSameKind) known.node.replaceWith(node);
    else if (!known) this.list.insertBefore(node, place);
    this.repaint(item.id);
  }

  /** The server's copy of the message takes the place of ours. */
  confirm(item) {
    const ours = this.items.get(SENDING);
    if (!ours || item.id === SENDING) return;
    this.items.delete(SENDING);
    ours.node.dataset.id = item.id;
    this.items.set(item.id, { item, node: ours.node });
  }

  update(id, update) {
    const known = this.items.get(id);
    if (!known) return;
    applyUpdate(known.item, update);
    this.repaint(id);
  }

  remove(id) {
    this.items.get(id)?.node.remove();
    this.items.delete(id);
  }

  removeAfter(id) {
    const { node } = this.items.get(id);
    while (node.nextSibling) {
      this.items.delete(node.nextSibling.dataset.id);
      node.nextSibling.remove();
    }
  }

  /** The id of the newest message that the server has. */
  lastUserMessage() {
    const nodes = this.list.querySelectorAll(`.user_message:not([data-id="${SENDING}"])`);
    return [...nodes].at(-1)?.dataset.id;
  }

  // ---- drawing

  /** Paints at most once a frame, however many deltas arrive. */
  repaint(id) {
    if (this.dirty.size === 0) requestAnimationFrame(() => this.paint());
    this.dirty.add(id);
  }

  paint() {
    for (const id of this.dirty) {
      const known = this.items.get(id);
      if (known && isShown(known.item)) this.paintOne(known);
    }
    this.dirty.clear();
    this.host.contentChanged(this);
  }

  paintOne({ item, node }) {
    node.setAttribute("aria-busy", String(Boolean(item.isStreaming)));
    paintItem(node, item, this);
  }

  showProgress(text) {
    this.progress.hidden = !text;
    this.progress.textContent = text ?? "";
    this.host.contentChanged(this);
  }

  note(level, message, { title = "", canRetry = false } = {}) {
    const again = canRetry && this.lastUserMessage();
    const node = el(
      "div",
      { class: `note ${level}`, role: level === "danger" ? "alert" : null },
      title && el("p", { class: "note-title" }, title),
      el("p", {}, message),
      again && button("Try again", () => this.retry()),
    );
    this.list.append(node);
    this.host.contentChanged(this);
  }
}

const EVENTS = {
  "thread.created": (conversation, { thread }) => conversation.setThread(thread),
  "thread.updated": (conversation, { thread }) => conversation.setThread(thread),
  "thread.item.added": (conversation, { item }) => {
    conversation.showProgress(null);
    conversation.put({ ...item, isStreaming: true });
  },
  "thread.item.updated": (conversation, { item_id, update }) => conversation.update(item_id, update),
  "thread.item.done": (conversation, { item }) => {
    if (item.type !== "user_message") conversation.showProgress(null);
    if (item.type === "client_tool_call" && item.status === "pending") conversation.openTool = item;
    conversation.put({ ...item, isStreaming: false });
  },
  "thread.item.removed": (conversation, { item_id }) => conversation.remove(item_id),
  "thread.item.replaced": (conversation, { item }) => conversation.put(item),
  stream_options: (conversation, { stream_options }) => conversation.accepted(stream_options),
  progress_update: (conversation, { text }) => conversation.showProgress(text),
  error: (conversation, { message, allow_retry }) => {
    const text = message || "Something went wrong while the answer was made.";
    conversation.note("danger", text, { canRetry: allow_retry });
  },
  notice: (conversation, { level, message, title }) => conversation.note(level, message, { title }),
};
