import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import { ContextProvider } from "@lit/context";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ApiError, Client } from "./api/client";
import { clientOptions, hasOwnFetch, uploadStrategy, urlOf } from "./api/options";
import { forget, upload } from "./api/uploads";
import { Chat, type ChatHost, type WidgetAction } from "./chat/chat";
import { Drafts } from "./chat/drafts";
import { contentOf, sendable } from "./chat/mentions";
import { Tabs } from "./chat/tabs";
import { Threads } from "./chat/threads";
import { transcription } from "./chat/transcription";
import { elementStyles } from "./element_styles";
import type { EntityChosen, PreviewAsked } from "./items/entity";
import { textsFor } from "./locale/locales";
import { ENGLISH, textsContext } from "./locale/texts";
import type { SentAttachment, UserInput } from "./protocol";
import { loadFonts, lookOf } from "./theme";
import { ChatElement, define } from "./ui/element";
import type { Composer, ComposerValue, Draft } from "./views/composer";
import "./views/all";
import type { ActionRequest } from "./widgets/action";

type SendParams = Parameters<OpenAIChatKit["sendUserMessage"]>[0];
type ValueParams = Parameters<OpenAIChatKit["setComposerValue"]>[0];
type Detail<K extends keyof ChatKitEvents> = ChatKitEvents[K] extends CustomEvent<infer D> ? (D extends void ? [] : [detail: D]) : never;

export interface ChatKitElement {
  addEventListener: OpenAIChatKit["addEventListener"];
  removeEventListener: OpenAIChatKit["removeEventListener"];
}

/**
 * `<openai-chatkit>`: the chat, with the public interface of the published element: `setOptions` and the methods below, events
 * `chatkit.*`. It needs no domain key and loads nothing from another host.
 */
export class ChatKitElement extends ChatElement implements OpenAIChatKit, ChatHost {
  static override properties = { isHistoryOpen: { state: true }, problem: { state: true } };
  declare isHistoryOpen: boolean;
  declare problem: string | null;
  /** Tells each event of the server as a `chatkit.log` called `thread.event`. */
  tellsEvents = false;

  #options: ChatKitOptions | null = null;
  readonly #client = new Client(clientOptions(() => this.#options));
  readonly #texts = new ContextProvider(this, { context: textsContext, initialValue: ENGLISH });
  readonly #chat = new Chat(this.#client, this);
  #threads = new Threads(this.#client, () => this.#threadsChanged());
  #drafts = new Drafts("");
  #revision = 0;
  #isDue = false;
  #hasDrawn = false;
  #isReady = false;
  /** Whether it was taken out of the page, and has left what it was reading. */
  #isAway = false;
  readonly #ready = settable();
  #drawn = settable();
  #opening: Promise<void> = Promise.resolve();
  /** The thread that is to be seen; the chat has it when it is loaded. */
  #wanted: string | null = null;
  #url = "";
  #loaded = "";
  #title: string | null = null;
  #tabs: Tabs | null = null;
  /** Whether a turn has begun that other tabs do not know of. */
  #isNews = false;
  /** What had the focus when the chat was drawn last. */
  #focused: Element | null = null;
  /** The words of a message that is on its way. */
  #unsent = "";

  constructor() {
    super();
    this.isHistoryOpen = false;
    this.problem = null;
  }

  static override styles = elementStyles;

  // ---- the published interface

  setOptions(options: ChatKitOptions): void {
    this.#options = options;
    if (!("getClientSecret" in options.api)) this.#client.forgetToken();
    this.#applyLook(options);
    void this.#applyLocale(options.locale);
    if (this.#isReady) this.#begin(options);
    this.requestUpdate();
  }

  async focusComposer(): Promise<void> {
    await this.#ready.promise;
    await this.updateComplete;
    this.#composer?.focus();
  }

  async setThreadId(threadId: string | null): Promise<void> {
    await this.#ready.promise;
    await this.#open(threadId);
  }

  /** Behind an answer that is still coming, unless the message begins a thread of its own. */
  async sendUserMessage(params: SendParams): Promise<void> {
    await this.#ready.promise;
    if (params.newThread) await this.#open(null);
    await this.#reopened();
    while (this.#chat.isResponding) await this.#drawn.promise;
    const content = params.content ? sendable(params.content) : [{ type: "input_text", text: params.text ?? "" }];
    const input: UserInput = {
      content,
      attachments: (params.attachments ?? []).map(({ id }) => id),
      quoted_text: params.reply ?? null,
      inference_options: {
        ...(params.toolChoice && { tool_choice: params.toolChoice }),
        ...(params.model && { model: params.model }),
      },
    };
    await this.#told(() => this.#chat.send(input));
  }

  async setComposerValue(params: ValueParams): Promise<void> {
    await this.#ready.promise;
    await this.updateComplete;
    await this.#composer?.setValue(params as ComposerValue);
  }

  async sendCustomAction(action: { type: string; payload?: Record<string, unknown> }, itemId?: string): Promise<void> {
    await this.#ready.promise;
    await this.#opening;
    await this.#told(() => this.#chat.act(action, itemId ?? null));
  }

  async showHistory(): Promise<void> {
    await this.#ready.promise;
    if (this.isHistoryOpen) return;
    this.isHistoryOpen = true;
    this.#tell("chatkit.history.open");
    void this.#threads.load();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("ck-history")?.focus();
  }

  async hideHistory(): Promise<void> {
    if (!this.isHistoryOpen) return;
    this.isHistoryOpen = false;
    this.#tell("chatkit.history.close");
    await this.focusComposer();
  }

  async fetchUpdates(): Promise<void> {
    await this.#ready.promise;
    await this.#opening;
    await this.#told(() => this.#chat.refresh());
    if (this.isHistoryOpen) await this.#threads.load();
  }

  // ---- what the chat tells

  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // at most once a frame; a page that nobody sees has no frames
    if (document.hidden) setTimeout(() => this.#draw(), 200);
    else requestAnimationFrame(() => this.#draw());
  }

  threadChanged(id: string | null): void {
    this.#wanted = id;
    this.#tell("chatkit.thread.change", { threadId: id });
    const { thread } = this.#chat.conversation;
    if (thread) this.#threads.update({ ...thread, items: { data: [], has_more: false } });
  }

  loading(id: string, isLoading: boolean): void {
    this.#tell(isLoading ? "chatkit.thread.load.start" : "chatkit.thread.load.end", { threadId: id });
  }

  responding(isResponding: boolean): void {
    this.#isNews = isResponding;
    if (!isResponding) this.#tellTabs();
    this.#tell(isResponding ? "chatkit.response.start" : "chatkit.response.end");
  }

  failed(error: Error): void {
    this.#tell("chatkit.error", { error });
  }

  effect(name: string, data: Readonly<Record<string, unknown>> | undefined): void {
    this.#tell("chatkit.effect", { name, ...(data && { data: { ...data } }) });
  }

  received(event: object): void {
    if (this.#isNews) this.#tellTabs();
    if (this.tellsEvents) this.#tell("chatkit.log", { name: "thread.event", data: { ...event } });
  }

  async callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    try {
      const handler = this.#options?.onClientTool;
      if (!handler) throw new Error(`This page has no onClientTool handler, which the tool “${name}” needs.`);
      return await handler({ name, params: { ...args } });
    } catch (error) {
      this.failed(error as Error);
      return { error: (error as Error).message };
    }
  }

  // ---- drawing

  override render(): TemplateResult {
    const options = this.#options;
    if (options === null) return html``;
    return html`<section
      class="chat"
      part="chat"
      dir=${this.texts.direction}
      aria-label=${options.frameTitle ?? this.t("chat.label")}
      @dragover=${(event: DragEvent) => this.#composer?.draggedOver(event)}
      @dragleave=${(event: DragEvent) => this.#composer?.dragLeft(event)}
      @drop=${(event: DragEvent) => this.#composer?.dropped(event)}
    >
      ${options.header?.enabled === false ? nothing : this.#header(options)}
      <div class="body" @ck-action=${this.#acted} @ck-link=${this.#followed} @ck-entity=${this.#entityChosen} @ck-preview=${this.#previewed}>
        ${this.isHistoryOpen ? this.#history(options) : nothing}
        <div class="main" ?inert=${this.isHistoryOpen}>${this.#main(options)} ${this.#bottom(options)}</div>
      </div>
    </section>`;
  }

  protected override willUpdate(): void {
    this.#focused = deepest(this.renderRoot as ShadowRoot) ?? this.#focused;
  }

  protected override updated(changes: PropertyValues): void {
    super.updated(changes);
    if (this.#focused) requestAnimationFrame(() => this.#keepFocus()); // when those below have drawn, too
    if (this.#hasDrawn || this.#options === null) return;
    this.#hasDrawn = true;
    void listening().then(() => this.#becomeReady());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#networkChanged);
    removeEventListener("offline", this.#networkChanged);
    document.removeEventListener("visibilitychange", this.#look);
    this.#tabs?.close();
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave(); // else it was only moved
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#networkChanged);
    addEventListener("offline", this.#networkChanged);
    document.addEventListener("visibilitychange", this.#look);
    this.#tabs?.open();
    this.requestUpdate();
    if (this.#isAway) void this.#comeBack();
  }

  #header(options: ChatKitOptions): TemplateResult {
    return html`<ck-header
      exportparts="header, title, new-button, history-button"
      .threadTitle=${this.#chat.conversation.thread?.title ?? null}
      .options=${options.header ?? {}}
      ?hasHistory=${options.history?.enabled !== false}
      ?isHistoryOpen=${this.isHistoryOpen}
      ?canBegin=${this.#chat.threadId !== null || this.isHistoryOpen || this.problem !== null}
      @ck-history=${() => (this.isHistoryOpen ? this.hideHistory() : this.showHistory())}
      @ck-new=${() => this.#leaveHistory(() => this.#open(null))}
    ></ck-header>`;
  }

  #history(options: ChatKitOptions): TemplateResult {
    return html`<ck-history
      exportparts="search, history-list, history-entry"
      role="region"
      aria-label=${this.t("history.label")}
      .threads=${this.#threads}
      .revision=${this.#revision}
      .options=${options.history ?? {}}
      .current=${this.#chat.threadId}
      @ck-open=${(event: CustomEvent<string>) => this.#leaveHistory(() => this.#open(event.detail))}
      @ck-renamed=${(event: CustomEvent<{ id: string; title: string }>) => this.#renamed(event.detail)}
      @ck-deleted=${(event: CustomEvent<string>) => this.#deleted(event.detail)}
      @ck-close=${() => this.hideHistory()}
    ></ck-history>`;
  }

  #main(options: ChatKitOptions): TemplateResult {
    const chat = this.#chat;
    const isEmpty = chat.conversation.items.length === 0 && !chat.isResponding;
    if (this.problem) return this.#unopened(this.problem);
    const isComing = !this.#isReady && Boolean(options.initialThread);
    if (chat.isLoading || isComing) return html`<p class="problem" role="status">${this.t("chat.loading")}</p>`;
    if (isEmpty && chat.threadId === null) {
      return html`<ck-start
        exportparts="greeting, prompts, prompt"
        .options=${options.startScreen ?? {}}
        @ck-prompt=${this.#prompted}
      ></ck-start>`;
    }
    return html`<ck-thread
        exportparts="thread, user-message, assistant-message, quote, code-block, table, link, progress, notice, error, thinking"
        .conversation=${chat.conversation}
        .sending=${chat.sending}
        .actions=${{ feedback: options.threadItemActions?.feedback ?? false, retry: options.threadItemActions?.retry ?? false }}
        .isOnline=${chat.isConnected}
        ?isTalking=${chat.isTalking}
        ?followsEnd=${options.thread?.autoScroll ?? false}
        ?isReadOnly=${this.#closedBecause !== null}
        @ck-quote=${this.#quoted}
        @ck-older=${() => this.#try(() => chat.loadOlder())}
        @ck-again=${(event: CustomEvent<string>) => this.#try(() => chat.retry(event.detail))}
        @ck-rated=${(event: CustomEvent<{ itemIds: string[]; kind: "positive" | "negative" }>) =>
          this.#try(() => chat.giveFeedback(event.detail.itemIds, event.detail.kind))}
        @ck-answer=${(event: CustomEvent<{ itemId: string; submission: object }>) =>
          this.#try(() => chat.answerQuestions(event.detail.itemId, event.detail.submission))}
      ></ck-thread>`;
  }

  #unopened(problem: string): TemplateResult {
    const again = () => this.#open(this.#wanted);
    return html`<div class="problem" role="alert">
      ${problem}
      ${this.#wanted === null ? nothing : html`<button class="button" type="button" @click=${again}>${this.t("chat.tryAgain")}</button>`}
    </div>`;
  }

  #bottom(options: ChatKitOptions): TemplateResult {
    const { disclaimer } = options;
    return html`<div class="bottom" part="bottom">
      <ck-composer
        exportparts="composer, input, suggestions, send-button, stop-button, attach-button, dictation-button, tool-chip, files, file, quote"
        .options=${options.composer ?? {}}
        .entities=${options.entities ?? null}
        .commands=${options.commands ?? null}
        .upload=${this.#upload}
        .discard=${(attachment: SentAttachment) => forget(this.#client, attachment.id)}
        .transcribe=${(audio: Blob) => transcription(this.#client, audio)}
        .closedBecause=${this.#closedBecause}
        ?isBusy=${this.#chat.isResponding}
        ?mayStop=${this.#chat.conversation.answer?.mayStop ?? true}
        ?isOffline=${!navigator.onLine}
        @ck-send=${(event: CustomEvent<{ input: UserInput; draft: Draft }>) => this.#send(event.detail.input, event.detail.draft)}
        @ck-stop=${() => this.#try(() => this.#chat.stop())}
        @ck-draft=${(event: CustomEvent<string>) => this.#keepDraft(event.detail)}
        @ck-tool=${(event: CustomEvent<string | null>) => this.#tell("chatkit.tool.change", { toolId: event.detail })}
      ></ck-composer>
      ${disclaimer
        ? html`<ck-markdown
            class=${disclaimer.highContrast ? "disclaimer high" : "disclaimer"}
            part="disclaimer"
            .text=${disclaimer.text}
          ></ck-markdown>`
        : nothing}
    </div>`;
  }

  // ---- what happens

  /** Whoever has put the element into the page is listening by now. */
  #becomeReady(): void {
    this.#hasDrawn = this.isConnected; // taken out again: the next time, then
    if (!this.isConnected || this.#options === null) return;
    this.#isReady = true;
    this.#tell("chatkit.ready");
    this.#begin(this.#options);
    this.#ready.set();
  }

  /** Starts anew where the options name another server than before, or the first. */
  #begin({ api, initialThread }: ChatKitOptions): void {
    const url = urlOf(api);
    if (url === this.#url) return;
    this.#url = url;
    this.#drafts = new Drafts(url);
    this.#tabs?.close();
    this.#tabs = new Tabs(url, (thread) => thread === this.#chat.threadId && this.#look());
    if (this.isConnected) this.#tabs.open();
    this.#threads = new Threads(this.#client, () => this.#threadsChanged());
    if (this.isHistoryOpen) void this.#threads.load();
    void this.#open(initialThread ?? null, true);
  }

  #leave(): void {
    this.#isAway = true;
    this.#chat.leave();
  }

  async #comeBack(): Promise<void> {
    this.#isAway = false;
    if (this.#chat.threadId !== this.#wanted) return this.#open(this.#wanted, true);
    await this.#try(() => this.#chat.refresh());
  }

  #open(id: string | null, isFirst = false): Promise<void> {
    this.#wanted = id;
    return (this.#opening = this.#opened(id, isFirst));
  }

  async #opened(id: string | null, isFirst: boolean): Promise<void> {
    this.problem = null;
    this.#unsent = "";
    const draft = this.#drafts.load(id);
    void this.updateComplete.then(() => this.#composer?.reset(draft));
    try {
      await this.#chat.open(id);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      const isMissing = error instanceof ApiError && error.status === 404;
      this.problem = isMissing ? this.t("chat.notFound") : this.texts.error(error as Error);
      this.failed(error as Error);
      if (isMissing) this.threadChanged(null);
    }
    if (!isFirst && !this.isHistoryOpen && matchMedia("(hover: hover)").matches) await this.focusComposer();
  }

  async #leaveHistory(work: () => Promise<void>): Promise<void> {
    await this.hideHistory();
    await work();
  }

  /** Before anything is said in a thread that could not be loaded it is tried again; in place of a missing one there is a new one. */
  async #reopened(): Promise<void> {
    await this.#opening;
    if (this.problem !== null && this.#wanted !== null) await this.#open(this.#wanted, true);
    if (this.problem !== null && this.#wanted !== null) throw new ApiError(this.problem);
    this.problem = null;
  }

  /** Sends what was written; what is refused comes back into the composer with the reason. */
  async #send(input: UserInput, draft: Draft): Promise<void> {
    this.#unsent = draft.text;
    this.#keepDraft("");
    try {
      await this.#reopened();
      const thread = this.#chat.threadId;
      await this.#chat.send(input, () => this.#accepted(thread));
    } catch (error) {
      const isAborted = (error as Error).name === "AbortError";
      if (isAborted && this.#unsent === "") return; // it is there, or a draft of the thread that was left
      this.#unsent = "";
      this.#composer?.restore(draft);
      if (!isAborted) this.#refused(error as Error);
    }
  }

  /** The server has the message that was sent from `thread`, which may be a new one now. */
  #accepted(thread: string | null): void {
    this.#unsent = "";
    this.#drafts.save(thread, "");
    this.#keepDraft(this.#composer?.text ?? "");
  }

  /** Until the server has a message, it belongs to what would be lost. */
  #keepDraft(text: string): void {
    this.#drafts.save(this.#chat.threadId, [this.#unsent, text].filter(Boolean).join("\n"));
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if ((error as Error).name !== "AbortError") this.#refused(error as Error);
    }
  }

  /** What the page has asked for: the error goes to it, as an event too. */
  async #told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if ((error as Error).name === "AbortError") return; // another thread was opened: it goes on there
      this.failed(error as Error);
      throw error;
    }
  }

  #refused(error: Error): void {
    if (this.#composer) this.#composer.problems = [this.texts.error(error)];
    this.failed(error);
  }

  #prompted(event: CustomEvent<{ prompt: string | Parameters<typeof contentOf>[0] | unknown[] }>): void {
    const { prompt } = event.detail;
    const params = typeof prompt === "string" ? { text: prompt } : { content: prompt as NonNullable<SendParams["content"]> };
    void this.#try(() => this.sendUserMessage(params));
  }

  #quoted(event: CustomEvent<{ text: string }>): void {
    if (this.#composer) this.#composer.quote = event.detail.text;
    void this.focusComposer();
  }

  #renamed({ id, title }: { id: string; title: string }): void {
    if (id === this.#chat.threadId) this.#chat.setThread({ title });
  }

  #deleted(id: string): void {
    if (id === this.#chat.threadId) void this.#open(null);
  }

  /** An action of a widget: the page's own handler gets those for the client, the server the others. */
  #acted(event: CustomEvent<ActionRequest>): void {
    const { action, itemId, until } = event.detail;
    until(action.handler === "client" ? this.#actHere(action, itemId) : this.#try(() => this.#chat.act(sent(action), itemId, action.streaming !== false)));
  }

  async #actHere(action: WidgetAction, itemId: string): Promise<void> {
    const item = this.#chat.conversation.items.find(({ id }) => id === itemId);
    const handler = this.#options?.widgets?.onAction;
    if (!handler || item?.type !== "widget") return;
    const widgetItem = { id: item.id, widget: item.widget } as unknown as Parameters<typeof handler>[1];
    await this.#try(async () => handler(sent(action) as Parameters<typeof handler>[0], widgetItem));
  }

  #followed(event: CustomEvent<{ href: string }>): void {
    const link = deepLink(event.detail.href);
    if (!link) return;
    event.preventDefault();
    this.#tell("chatkit.deeplink", link);
  }

  #entityChosen(event: CustomEvent<EntityChosen>): void {
    this.#options?.entities?.onClick?.(event.detail.entity as Parameters<NonNullable<NonNullable<ChatKitOptions["entities"]>["onClick"]>>[0]);
  }

  async #previewed(event: CustomEvent<PreviewAsked>): Promise<void> {
    const ask = this.#options?.entities?.onRequestPreview;
    if (!ask) return;
    const { entity, show } = event.detail;
    const found = await ask(entity as Parameters<typeof ask>[0]).catch(() => null);
    show(found?.preview ?? null);
  }

  readonly #upload = (file: File, onProgress: (share: number | null) => void, signal: AbortSignal) =>
    upload(this.#client, uploadStrategy(this.#options), file, onProgress, signal, hasOwnFetch(this.#options));

  // ---- the rest

  get #composer(): Composer | null {
    return this.renderRoot?.querySelector<Composer>("ck-composer") ?? null;
  }

  get #closedBecause(): string | null {
    const status = this.#chat.conversation.thread?.status;
    if (!status || status.type === "active") return null;
    return status.reason || this.t(status.type === "locked" ? "chat.locked" : "chat.closed");
  }

  #draw(): void {
    this.#isDue = false;
    this.#drawn.set();
    this.#drawn = settable();
    const title = this.#chat.conversation.thread?.title ?? null;
    if (title !== this.#title) this.#tell("chatkit.log", { name: "thread.title", data: { title } });
    this.#title = title;
    this.requestUpdate();
  }

  #threadsChanged(): void {
    this.#revision += 1;
    this.requestUpdate();
  }

  /** Where the focus was may be gone: whoever uses a keyboard then goes on in the composer, or in the history. */
  #keepFocus(): void {
    const mayHaveIt = this.#focused === null || (this.#focused.isConnected && !this.#focused.matches(":disabled"));
    if (mayHaveIt || (document.activeElement ?? document.body) !== document.body) return;
    this.#focused = null;
    if (!matchMedia("(hover: hover)").matches) return;
    this.renderRoot.querySelector<HTMLElement>(this.isHistoryOpen ? "ck-history" : "ck-composer")?.focus();
  }

  readonly #networkChanged = (): void => {
    this.requestUpdate();
    this.#look();
  };

  /** Sees whether there is something new; if the server cannot be asked now, there is none. */
  readonly #look = (): void => {
    if (!this.#isReady || !navigator.onLine || document.hidden) return;
    void this.#chat.refresh().catch(() => undefined);
  };

  #tellTabs(): void {
    const id = this.#chat.threadId;
    this.#isNews = this.#isNews && id === null;
    if (id !== null) this.#tabs?.tell(id);
  }

  #applyLook({ theme }: ChatKitOptions): void {
    const { scheme, properties } = lookOf(theme);
    this.dataset.theme = scheme;
    for (const name of this.#ownProperties) this.style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) this.style.setProperty(name, value);
    this.#ownProperties = Object.keys(properties);
    loadFonts(theme);
  }

  #ownProperties: string[] = [];

  async #applyLocale(locale: string | undefined): Promise<void> {
    const wanted = locale ?? navigator.language;
    if (wanted === this.#loaded) return;
    this.#loaded = wanted;
    const texts = await textsFor(wanted);
    if (wanted !== this.#loaded) return;
    this.#texts.setValue(texts);
    this.lang = texts.locale;
    this.requestUpdate();
  }

  override get texts() {
    return this.#texts.value;
  }

  #tell<K extends keyof ChatKitEvents>(name: K, ...[detail]: Detail<K>): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function settable(): { promise: Promise<void>; set: () => void } {
  let set = () => undefined as void;
  const promise = new Promise<void>((resolve) => (set = resolve));
  return { promise, set };
}

/** Ends when a page that has just made an element has had time to listen to it: React does so behind the next frame. */
function listening(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve, 50);
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}

/** What has the focus within, however deep. */
function deepest(root: ShadowRoot): Element | null {
  const found = root.activeElement;
  return found?.shadowRoot?.activeElement ? deepest(found.shadowRoot) : found;
}

/** The action without what only the page needs to know of it. */
function sent({ type, payload }: WidgetAction): WidgetAction {
  return payload === undefined ? { type } : { type, payload };
}

/** `chatkit-link://name?key=value` as its name and data; null for other links. */
export function deepLink(href: string): { name: string; data: Record<string, string> } | null {
  const match = /^chatkit-link:\/\/([^?#]*)(\?[^#]*)?/i.exec(href);
  if (!match) return null;
  return { name: decodeURIComponent(match[1] ?? "").replace(/\/$/, ""), data: Object.fromEntries(new URLSearchParams(match[2] ?? "")) };
}

define("openai-chatkit", ChatKitElement);
