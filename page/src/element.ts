import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import { ContextProvider } from "@lit/context";
import { html, type PropertyValues, type TemplateResult } from "lit";
import { Client } from "./api/client";
import { clientOptions, hasOwnFetch, uploadStrategy, urlOf } from "./api/options";
import { forget, upload } from "./api/uploads";
import type { WidgetAction } from "./chat/chat";
import { sendable } from "./chat/mentions";
import { Session, type SessionHost } from "./chat/session";
import { transcription } from "./chat/transcription";
import { elementStyles } from "./element_styles";
import type { EntityChosen, PreviewAsked } from "./items/entity";
import { textsFor } from "./locale/locales";
import { ENGLISH, textsContext } from "./locale/texts";
import { deepLink, PageCalls } from "./page_calls";
import type { UserInput } from "./protocol";
import { loadFonts, lookOf } from "./theme";
import { ChatElement, define } from "./ui/element";
import { FocusKeeper } from "./ui/focus_keeper";
import "./views/all";
import { PARTS, type ChatView, type Transport } from "./views/chat";
import type { Composer, ComposerValue, Draft } from "./views/composer";
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
export class ChatKitElement extends ChatElement implements OpenAIChatKit, SessionHost {
  static override properties = { isHistoryOpen: { state: true } };
  declare isHistoryOpen: boolean;
  /** Tells each event of the server as a `chatkit.log` called `thread.event`. */
  tellsEvents = false;

  #options: ChatKitOptions | null = null;
  readonly #client = new Client(clientOptions(() => this.#options));
  readonly #calls = new PageCalls(() => this.#options);
  readonly #texts = new ContextProvider(this, { context: textsContext, initialValue: ENGLISH });
  readonly #session = new Session(this.#client, this);
  #revision = 0;
  #isDue = false;
  #hasDrawn = false;
  #isReady = false;
  readonly #ready = settable();
  #wantedLocale: string | null = null;
  /** Whether the language is there: nothing is drawn in another one before. */
  #hasTexts = false;
  #title: string | null = null;
  #ownProperties: readonly string[] = [];

  constructor() {
    super();
    this.isHistoryOpen = false;
    new FocusKeeper(this, () => this.#view?.focus());
  }

  static override styles = elementStyles;

  // ---- the published interface

  setOptions(options: ChatKitOptions): void {
    this.#options = options;
    this.#applyLook(options);
    if (!options.api || !("getClientSecret" in options.api)) this.#client.forgetToken();
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
    await this.#session.reopened();
    const { chat } = this.#session;
    await this.#told(() => chat.whenQuiet(() => chat.send(inputOf(params))));
  }

  async setComposerValue(params: ValueParams): Promise<void> {
    await this.#ready.promise;
    await this.updateComplete;
    await this.#composer?.setValue(params as ComposerValue);
  }

  async sendCustomAction(action: { type: string; payload?: Record<string, unknown> }, itemId?: string): Promise<void> {
    await this.#ready.promise;
    await this.#session.opened();
    await this.#told(() => this.#session.chat.act(action, itemId ?? null));
  }

  async showHistory(): Promise<void> {
    await this.#ready.promise;
    if (this.isHistoryOpen) return;
    this.isHistoryOpen = true;
    this.#tell("chatkit.history.open");
    void this.#session.threads.load();
    await this.updateComplete;
    await this.#view?.updateComplete;
    this.#view?.focus();
  }

  async hideHistory(): Promise<void> {
    if (!this.isHistoryOpen) return;
    this.isHistoryOpen = false;
    this.#tell("chatkit.history.close");
    await this.focusComposer();
  }

  async fetchUpdates(): Promise<void> {
    await this.#ready.promise;
    await this.#session.opened();
    await this.#told(() => this.#session.chat.refresh());
    if (this.isHistoryOpen) await this.#session.threads.load();
  }

  // ---- what the session tells

  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // at most once a frame; a page that nobody sees has no frames
    if (document.hidden) setTimeout(() => this.#draw(), 200);
    else requestAnimationFrame(() => this.#draw());
  }

  threadChanged(id: string | null): void {
    this.#tell("chatkit.thread.change", { threadId: id });
    this.#session.showing(id);
  }

  loading(id: string, isLoading: boolean): void {
    this.#tell(isLoading ? "chatkit.thread.load.start" : "chatkit.thread.load.end", { threadId: id });
  }

  responding(isResponding: boolean): void {
    this.#session.responding(isResponding);
    this.#tell(isResponding ? "chatkit.response.start" : "chatkit.response.end");
  }

  failed(error: Error): void {
    this.#tell("chatkit.error", { error });
  }

  effect(name: string, data: Readonly<Record<string, unknown>> | undefined): void {
    this.#tell("chatkit.effect", { name, ...(data && { data: { ...data } }) });
  }

  received(event: object): void {
    this.#session.received();
    if (this.tellsEvents) this.#tell("chatkit.log", { name: "thread.event", data: { ...event } });
  }

  async callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    try {
      return await this.#calls.callTool(name, args);
    } catch (error) {
      this.failed(error as Error);
      return { error: (error as Error).message };
    }
  }

  get written(): string {
    return this.#composer?.text ?? "";
  }

  showDraft(text: string): void {
    void this.updateComplete.then(() => this.#view?.updateComplete).then(() => this.#composer?.reset(text));
  }

  // ---- life

  override render(): TemplateResult {
    if (this.#options === null || !this.#hasTexts) return html``;
    const { chat } = this.#session;
    return html`<ck-chat
      exportparts=${PARTS}
      .options=${this.#options}
      .session=${this.#session}
      .transport=${this.#transport}
      .revision=${this.#revision}
      ?isHistoryOpen=${this.isHistoryOpen}
      ?isComing=${!this.#isReady && Boolean(this.#options.initialThread)}
      @ck-history=${() => (this.isHistoryOpen ? this.hideHistory() : this.showHistory())}
      @ck-close=${() => this.hideHistory()}
      @ck-new=${() => this.#leaveHistory(null)}
      @ck-open=${(event: CustomEvent<string>) => this.#leaveHistory(event.detail)}
      @ck-renamed=${(event: CustomEvent<{ id: string; title: string }>) => this.#renamed(event.detail)}
      @ck-deleted=${(event: CustomEvent<string>) => this.#deleted(event.detail)}
      @ck-prompt=${this.#prompted}
      @ck-send=${(event: CustomEvent<Sent>) => this.#send(event.detail)}
      @ck-stop=${() => this.#try(() => chat.stop())}
      @ck-draft=${(event: CustomEvent<string>) => this.#session.keepDraft(event.detail)}
      @ck-tool=${(event: CustomEvent<string | null>) => this.#tell("chatkit.tool.change", { toolId: event.detail })}
      @ck-older=${() => this.#try(() => chat.loadOlder())}
      @ck-again=${(event: CustomEvent<string>) => this.#try(() => chat.retry(event.detail))}
      @ck-rated=${({ detail }: CustomEvent<Rated>) => this.#try(() => chat.giveFeedback(detail.itemIds, detail.kind))}
      @ck-answer=${({ detail }: CustomEvent<Answered>) => this.#try(() => chat.answerQuestions(detail.itemId, detail.submission))}
      @ck-quote=${(event: CustomEvent<{ text: string }>) => this.#quoted(event.detail.text)}
      @ck-action=${(event: CustomEvent<ActionRequest>) => this.#acted(event.detail)}
      @ck-link=${this.#followed}
      @ck-error=${(event: CustomEvent<{ error: Error }>) => this.failed(event.detail.error)}
      @ck-entity=${(event: CustomEvent<EntityChosen>) => this.#calls.choose(event.detail.entity)}
      @ck-preview=${(event: CustomEvent<PreviewAsked>) => this.#calls.preview(event.detail)}
    ></ck-chat>`;
  }

  protected override updated(changes: PropertyValues): void {
    super.updated(changes);
    if (this.#hasDrawn || this.#view === null) return;
    this.#hasDrawn = true;
    void listening().then(() => this.#becomeReady());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#networkChanged);
    addEventListener("offline", this.#networkChanged);
    document.addEventListener("visibilitychange", this.#look);
    this.requestUpdate();
    void this.#try(() => this.#session.comeBack());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#networkChanged);
    removeEventListener("offline", this.#networkChanged);
    document.removeEventListener("visibilitychange", this.#look);
    queueMicrotask(() => {
      if (!this.isConnected) this.#session.leave(); // else it was only moved
    });
  }

  /** Whoever has put the element into the page is listening by now. */
  #becomeReady(): void {
    this.#hasDrawn = this.isConnected; // taken out again: the next time, then
    if (!this.isConnected || this.#options === null) return;
    this.#isReady = true;
    this.#tell("chatkit.ready");
    this.#begin(this.#options);
    this.#ready.set();
  }

  #begin({ api, initialThread }: ChatKitOptions): void {
    const isOther = this.#session.begin(urlOf(api), initialThread ?? null);
    if (isOther && this.isHistoryOpen) void this.#session.threads.load();
  }

  #draw(): void {
    this.#isDue = false;
    this.#revision += 1;
    const title = this.#session.chat.conversation.thread?.title ?? null;
    if (title !== this.#title) this.#tell("chatkit.log", { name: "thread.title", data: { title } });
    this.#title = title;
    this.requestUpdate();
  }

  readonly #networkChanged = (): void => {
    this.changed();
    this.#look();
  };

  readonly #look = (): void => {
    if (this.#isReady) this.#session.look();
  };

  // ---- what the user does

  async #open(id: string | null): Promise<void> {
    await this.#session.open(id);
    if (!this.isHistoryOpen && matchMedia("(hover: hover)").matches) await this.focusComposer();
  }

  async #leaveHistory(id: string | null): Promise<void> {
    await this.hideHistory();
    await this.#open(id);
  }

  /** Sends what was written; what is refused comes back into the composer with the reason. */
  async #send({ input, draft }: Sent): Promise<void> {
    try {
      const isDone = await this.#session.send(input, draft.text);
      if (!isDone) this.#composer?.restore(draft);
    } catch (error) {
      this.#composer?.restore(draft);
      this.#refused(error as Error);
    }
  }

  #prompted(event: CustomEvent<{ prompt: string | unknown[] }>): void {
    const { prompt } = event.detail;
    const params = typeof prompt === "string" ? { text: prompt } : { content: prompt as NonNullable<SendParams["content"]> };
    void this.#try(() => this.sendUserMessage(params));
  }

  #quoted(text: string): void {
    if (this.#composer) this.#composer.quote = text;
    void this.focusComposer();
  }

  #renamed({ id, title }: { id: string; title: string }): void {
    if (id === this.#session.chat.threadId) this.#session.chat.setThread({ title });
  }

  #deleted(id: string): void {
    if (id === this.#session.chat.threadId) void this.#open(null);
  }

  /** An action of a widget: the page's own handler gets those for the client, the server the others. */
  #acted({ action, itemId, until }: ActionRequest): void {
    const { chat } = this.#session;
    const { handler, streaming } = action;
    const item = chat.conversation.items.find(({ id }) => id === itemId);
    const work = async () => {
      if (handler !== "client") await chat.act(sent(action), itemId, streaming);
      else if (item?.type === "widget") await this.#calls.act(sent(action), item);
    };
    until(this.#try(work));
  }

  #followed(event: CustomEvent<{ href: string }>): void {
    const link = deepLink(event.detail.href);
    if (!link) return;
    event.preventDefault();
    this.#tell("chatkit.deeplink", link);
  }

  /** What the user has asked for: what goes wrong is said in the composer. */
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

  // ---- the rest

  readonly #transport: Transport = {
    upload: (file, onProgress, signal) =>
      upload(this.#client, uploadStrategy(this.#options), file, onProgress, signal, hasOwnFetch(this.#options)),
    discard: (attachment) => forget(this.#client, attachment.id),
    transcribe: (audio) => transcription(this.#client, audio),
  };

  get #view(): ChatView | null {
    return this.renderRoot?.querySelector<ChatView>("ck-chat") ?? null;
  }

  get #composer(): Composer | null {
    return this.#view?.composer ?? null;
  }

  #applyLook({ theme }: ChatKitOptions): void {
    const { scheme, properties } = lookOf(theme);
    this.dataset.theme = scheme;
    for (const name of this.#ownProperties) this.style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) this.style.setProperty(name, value);
    this.#ownProperties = Object.keys(properties);
    loadFonts(theme);
  }

  async #applyLocale(locale: string | undefined): Promise<void> {
    const wanted = locale ?? navigator.language;
    if (wanted === this.#wantedLocale) return;
    this.#wantedLocale = wanted;
    const texts = await textsFor(wanted).catch(() => null);
    if (wanted !== this.#wantedLocale) return;
    if (texts === null) this.#wantedLocale = null; // the network may be back the next time
    this.#texts.setValue(texts ?? ENGLISH);
    this.lang = this.texts.locale;
    this.#hasTexts = true;
    this.requestUpdate();
  }

  override get texts() {
    return this.#texts.value;
  }

  #tell<K extends keyof ChatKitEvents>(name: K, ...[detail]: Detail<K>): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

interface Sent {
  readonly input: UserInput;
  readonly draft: Draft;
}

interface Rated {
  readonly itemIds: string[];
  readonly kind: "positive" | "negative";
}

interface Answered {
  readonly itemId: string;
  readonly submission: object;
}

function inputOf({ text, content, attachments, reply, toolChoice, model }: SendParams): UserInput {
  return {
    content: content ? sendable(content) : [{ type: "input_text", text: text ?? "" }],
    attachments: (attachments ?? []).map(({ id }) => id),
    quoted_text: reply ?? null,
    inference_options: { ...(toolChoice && { tool_choice: toolChoice }), ...(model && { model }) },
  };
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

/** The action without what only the page needs to know of it. */
function sent({ type, payload }: WidgetAction): WidgetAction {
  return payload === undefined ? { type } : { type, payload };
}

define("openai-chatkit", ChatKitElement);
