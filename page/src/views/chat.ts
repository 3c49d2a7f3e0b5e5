import type { ChatKitOptions } from "@openai/chatkit";
import { html, nothing, type TemplateResult } from "lit";
import type { Uploader } from "../chat/files";
import type { Session } from "../chat/session";
import type { SentAttachment } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { chatStyles } from "./chat_styles";
import type { Composer } from "./composer";
import type { Transcribe } from "./dictation";

/** What pages may style, of all that a chat is made of. */
export const PARTS = [
  "chat, header, title, new-button, history-button, bottom, disclaimer, problem",
  "search, history-list, history-entry, greeting, prompts, prompt",
  "thread, user-message, assistant-message, quote, code-block, table, link, progress, notice, error, thinking",
  "composer, input, suggestions, send-button, stop-button, attach-button, dictation-button, tool-chip, files, file",
].join(", ");

/** For options that are not given: always the same, so that nothing is drawn again for them. */
const NONE = {};

/** Where files and recordings go. */
export interface Transport {
  readonly upload: Uploader;
  /** What was uploaded is not sent after all. */
  readonly discard: (attachment: SentAttachment) => void;
  readonly transcribe: Transcribe;
}

/** All that is seen: header, history, thread or start screen, composer. What its parts fire goes on to the element. */
export class ChatView extends ChatElement {
  static override properties = {
    options: { attribute: false },
    session: { attribute: false },
    transport: { attribute: false },
    revision: { attribute: false },
    isHistoryOpen: { type: Boolean },
    isComing: { type: Boolean },
  };
  declare options: ChatKitOptions;
  declare session: Session;
  declare transport: Transport;
  /** Changes whenever the session does. */
  declare revision: number;
  declare isHistoryOpen: boolean;
  /** A thread is going to be opened. */
  declare isComing: boolean;

  static override styles = chatStyles;

  get composer(): Composer | null {
    return this.renderRoot.querySelector<Composer>("ck-composer");
  }

  /** To where one goes on: the composer, or the history while that is open. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>(this.isHistoryOpen ? "ck-history" : "ck-composer")?.focus();
  }

  override render(): TemplateResult {
    const { frameTitle, header } = this.options;
    return html`<section
      class="chat"
      part="chat"
      dir=${this.texts.direction}
      aria-label=${frameTitle ?? this.t("chat.label")}
      @dragover=${(event: DragEvent) => this.composer?.draggedOver(event)}
      @dragleave=${(event: DragEvent) => this.composer?.dragLeft(event)}
      @drop=${(event: DragEvent) => this.composer?.dropped(event)}
    >
      ${header?.enabled === false ? nothing : this.#header()}
      <div class="body">
        ${this.isHistoryOpen ? this.#history() : nothing}
        <div class="main" ?inert=${this.isHistoryOpen}>${this.#main()} ${this.#bottom()}</div>
      </div>
    </section>`;
  }

  #header(): TemplateResult {
    const { chat, problem } = this.session;
    return html`<ck-header
      exportparts=${PARTS}
      .threadTitle=${chat.conversation.thread?.title ?? null}
      .options=${this.options.header ?? NONE}
      ?hasHistory=${this.options.history?.enabled !== false}
      ?isHistoryOpen=${this.isHistoryOpen}
      ?canBegin=${chat.threadId !== null || this.isHistoryOpen || problem !== null}
    ></ck-header>`;
  }

  #history(): TemplateResult {
    return html`<ck-history
      exportparts=${PARTS}
      role="region"
      aria-label=${this.t("history.label")}
      .threads=${this.session.threads}
      .revision=${this.revision}
      .options=${this.options.history ?? NONE}
      .current=${this.session.chat.threadId}
    ></ck-history>`;
  }

  #main(): TemplateResult {
    const { chat, problem } = this.session;
    const isEmpty = chat.conversation.items.length === 0 && !chat.isResponding;
    if (problem) return this.#unopened(problem);
    if (chat.isLoading || this.isComing) return html`<p class="problem" role="status">${this.t("chat.loading")}</p>`;
    if (isEmpty && chat.threadId === null) {
      return html`<ck-start exportparts=${PARTS} .options=${this.options.startScreen ?? NONE}></ck-start>`;
    }
    return this.#thread();
  }

  #thread(): TemplateResult {
    const { chat } = this.session;
    const { threadItemActions, thread } = this.options;
    return html`<ck-thread
      exportparts=${PARTS}
      .conversation=${chat.conversation}
      .sending=${chat.sending}
      .isOnline=${chat.isConnected}
      ?isTalking=${chat.isTalking}
      ?mayRate=${threadItemActions?.feedback ?? false}
      ?mayRetry=${threadItemActions?.retry ?? false}
      ?followsEnd=${thread?.autoScroll ?? false}
      ?isReadOnly=${this.#closedBecause !== null}
    ></ck-thread>`;
  }

  #unopened(problem: Error): TemplateResult {
    const { session } = this;
    const again = () => session.open(session.wanted);
    return html`<div class="problem" part="problem" role="alert">
      ${this.texts.error(problem)}
      ${session.wanted === null ? nothing : html`<button class="button" type="button" @click=${again}>${this.t("chat.tryAgain")}</button>`}
    </div>`;
  }

  #bottom(): TemplateResult {
    const { disclaimer, composer, entities, commands } = this.options;
    const { chat } = this.session;
    return html`<div class="bottom" part="bottom">
      <ck-composer
        exportparts=${PARTS}
        .options=${composer ?? NONE}
        .entities=${entities ?? null}
        .commands=${commands ?? null}
        .upload=${this.transport.upload}
        .discard=${this.transport.discard}
        .transcribe=${this.transport.transcribe}
        .closedBecause=${this.#closedBecause}
        ?isBusy=${chat.isResponding}
        ?mayStop=${chat.conversation.answer?.mayStop ?? true}
        ?isOffline=${!navigator.onLine}
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

  get #closedBecause(): string | null {
    const status = this.session.chat.conversation.thread?.status;
    if (!status || status.type === "active") return null;
    return status.reason || this.t(status.type === "locked" ? "chat.locked" : "chat.closed");
  }
}

define("ck-chat", ChatView);
