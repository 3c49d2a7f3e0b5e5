import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { CopyAsked } from "../items/answer_actions";
import { copy } from "../markdown/clipboard";
import type { Item, UserInput } from "../protocol";
import { EMPTY, type Conversation, type Notice } from "../state/conversation";
import { answerText, turnsOf, type Turn } from "../state/turns";
import { ChatElement, define } from "../ui/element";
import { threadStyles } from "./thread_styles";

const NEAR_END = 80; // px: whoever is this close to the end reads along

/**
 * The messages, newest last. Fires `ck-older`, `ck-again` (a user message's id), `ck-rated` {itemIds, kind}, `ck-quote` and what the
 * items fire.
 */
export class ThreadView extends ChatElement {
  static override properties = {
    conversation: { attribute: false },
    sending: { attribute: false },
    mayRate: { type: Boolean },
    mayRetry: { type: Boolean },
    isTalking: { type: Boolean },
    isOnline: { attribute: false },
    followsEnd: { type: Boolean },
    isLoading: { type: Boolean },
    isReadOnly: { type: Boolean },
    isAtEnd: { state: true },
    given: { state: true },
    spoken: { state: true },
  };
  declare conversation: Conversation;
  declare sending: UserInput | null;
  /** What can be done with an answer. */
  declare mayRate: boolean;
  declare mayRetry: boolean;
  /** Messages were sent since it was opened: the last turn fills the view. */
  declare isTalking: boolean;
  declare isOnline: boolean;
  /** Scrolls along while an answer comes, for those who are at the end. */
  declare followsEnd: boolean;
  declare isLoading: boolean;
  declare isReadOnly: boolean;
  declare isAtEnd: boolean;
  /** Which turns were rated how. */
  declare given: Readonly<Record<string, string>>;
  declare spoken: string;
  #turns: readonly Turn[] = [];
  #heightBefore = 0;

  constructor() {
    super();
    this.conversation = EMPTY;
    this.sending = null;
    this.mayRate = false;
    this.mayRetry = false;
    this.isTalking = false;
    this.isOnline = true;
    this.followsEnd = false;
    this.isLoading = false;
    this.isReadOnly = false;
    this.isAtEnd = true;
    this.given = {};
    this.spoken = "";
  }

  static override styles = threadStyles;

  override render(): TemplateResult {
    const { hasOlder } = this.conversation;
    return html`
      <div class="scroller" part="thread" tabindex="0" role="region" aria-label=${this.t("thread.label")} @scroll=${this.#scrolled}>
        <div class="column">
          ${hasOlder ? html`<button class="button older" type="button" @click=${this.#older}>${this.t("thread.older")}</button>` : nothing}
          ${repeat(this.#turns, (turn) => turn.key, (turn, place) => this.#turn(turn, place === this.#turns.length - 1))}
          ${this.sending ? this.#sent(this.sending) : nothing}
        </div>
      </div>
      ${this.isAtEnd ? nothing : this.#toEnd()}
      <p class="sr-only" role="status">${this.spoken}</p>
    `;
  }

  /** Shows the newest message. */
  scrollToEnd(behavior: ScrollBehavior = "auto"): void {
    this.#scroller?.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  protected override willUpdate(changes: PropertyValues<this>): void {
    this.#turns = turnsOf(this.conversation.items, this.#turns);
    this.#heightBefore = this.#scroller?.scrollHeight ?? 0;
    if (changes.has("conversation")) this.#announce(changes.get("conversation") ?? EMPTY);
  }

  protected override updated(changes: PropertyValues<this>): void {
    const before = changes.get("conversation");
    if (changes.get("sending") === null && this.sending) return this.#showLastTurn();
    if (!changes.has("conversation")) return;
    if (before?.thread?.id !== this.conversation.thread?.id && !this.isTalking) return this.scrollToEnd();
    if (isPrepended(before, this.conversation)) return this.#keepPlace();
    if (this.followsEnd && this.isAtEnd && this.conversation.answer) this.scrollToEnd();
    this.#scrolled();
  }

  // ---- drawing

  #turn(turn: Turn, isLast: boolean): unknown {
    const { answer, error, notices } = this.conversation;
    const isRunning = isLast && answer !== null && this.sending === null;
    const end = isLast && this.sending === null ? [answer, error, notices, this.isOnline] : [];
    const dependencies = [turn, isLast, isRunning, this.isTalking, this.isReadOnly, this.given[turn.key], this.mayRate, this.mayRetry, this.texts, ...end];
    return guard(dependencies, () => this.#drawTurn(turn, isLast, isRunning));
  }

  #drawTurn(turn: Turn, isLast: boolean, isRunning: boolean): TemplateResult {
    const isTall = isLast && this.isTalking && this.sending === null;
    return html`<section class=${isTall ? "turn last tall" : isLast ? "turn last" : "turn"}>
      ${repeat(turn.items, (item) => item.id, (item) => this.#item(item, isRunning))}
      ${isRunning ? this.#progress() : this.#actions(turn)} ${isLast && this.sending === null ? this.#end(turn) : nothing}
    </section>`;
  }

  #item(item: Item, isRunning: boolean): unknown {
    const isOpen = isRunning && (this.conversation.answer?.open.includes(item.id) ?? false);
    switch (item.type) {
      case "user_message":
        return html`<ck-user-message exportparts="user-message, quote" .item=${item}></ck-user-message>`;
      case "assistant_message":
        return html`<ck-answer
          exportparts="assistant-message, code-block, table, link"
          .item=${item}
          ?isRunning=${isOpen}
          .imageDomains=${this.conversation.thread?.allowed_image_domains ?? null}
        ></ck-answer>`;
      case "widget":
        return html`<ck-widget .root=${item.widget} .itemId=${item.id} ?disabled=${this.isReadOnly}></ck-widget>`;
      case "workflow":
        return html`<ck-workflow .item=${item} ?running=${isOpen}></ck-workflow>`;
      case "task":
        return html`<ck-task .item=${item}></ck-task>`;
      case "generated_image":
        return html`<ck-generated-image .item=${item} ?running=${isOpen}></ck-generated-image>`;
      case "structured_input":
        return html`<ck-structured-input .item=${item} ?disabled=${isRunning || this.isReadOnly}></ck-structured-input>`;
      default:
        return nothing; // calls to the page and ends of turns show nothing, nor does what is not known
    }
  }

  /** The message that the server has not confirmed yet. */
  #sent(input: UserInput): TemplateResult {
    const item = { content: input.content, attachments: [], quoted_text: input.quoted_text };
    return html`<section class="turn last tall">
      <ck-user-message exportparts="user-message, quote" .item=${item}></ck-user-message>
      ${this.#progress()}
    </section>`;
  }

  #progress(): unknown {
    const { answer } = this.conversation;
    if (!this.isOnline) return this.#line("offline", this.t("thread.reconnecting"));
    if (answer?.progress) return this.#line(answer.progress.icon, answer.progress.text);
    const isSilent = !answer?.open.length;
    return isSilent ? html`<div class="thinking" part="thinking"><span class="dot"></span></div>` : nothing;
  }

  #line(icon: string | null, text: string): TemplateResult {
    return html`<div class="progress" part="progress">
      ${icon ? html`<ck-icon name=${icon}></ck-icon>` : nothing}<span class="shimmer" dir="auto">${text}</span>
    </div>`;
  }

  #actions(turn: Turn): unknown {
    const hasAnswer = turn.items.some((item) => item.type !== "user_message");
    if (!hasAnswer) return nothing;
    return html`<ck-answer-actions
      .given=${this.given[turn.key] ?? null}
      ?feedback=${this.mayRate}
      ?retry=${this.mayRetry && turn.user !== null && !this.isReadOnly}
      @ck-copy=${(event: CustomEvent<CopyAsked>) => event.detail.until(this.#copy(turn))}
      @ck-feedback=${(event: CustomEvent<{ kind: string }>) => this.#rate(turn, event.detail.kind)}
      @ck-retry=${() => this.emit("ck-again", turn.user?.id)}
    ></ck-answer-actions>`;
  }

  #end(turn: Turn): unknown {
    const { error, notices } = this.conversation;
    return [notices.map((notice) => this.#notice(notice)), error ? this.#error(turn) : nothing];
  }

  #notice({ level, title, message }: Notice): TemplateResult {
    const icon = { info: "info", warning: "warning", danger: "error" }[level] ?? "info";
    return html`<div class="notice ${level}" role="note" part="notice">
      <ck-icon name=${icon}></ck-icon>
      <div>${title ? html`<strong dir="auto">${title}</strong>` : nothing}<ck-markdown .text=${message}></ck-markdown></div>
    </div>`;
  }

  #error(turn: Turn): TemplateResult {
    const { error } = this.conversation;
    const words = error?.cause ? this.texts.error(error.cause) : error?.message || this.t("thread.error");
    return html`<div class="notice danger" role="alert" part="error">
      <ck-icon name="error"></ck-icon>
      <div dir="auto">${words}</div>
      ${error?.mayRetry && turn.user
        ? html`<button class="button" type="button" @click=${() => this.emit("ck-again", turn.user?.id)}>${this.t("chat.tryAgain")}</button>`
        : nothing}
    </div>`;
  }

  #toEnd(): TemplateResult {
    const label = this.t("thread.latest");
    return html`<button class="to-end icon-button" type="button" title=${label} aria-label=${label} @click=${() => this.scrollToEnd("smooth")}>
      <ck-icon name="arrow-down"></ck-icon>
    </button>`;
  }

  // ---- what the user does

  #older(): void {
    this.emit("ck-older");
  }

  /** Raises where the browser does not let us. */
  async #copy(turn: Turn): Promise<void> {
    if (!(await copy(answerText(turn)))) throw new Error("The clipboard is not ours.");
  }

  #rate(turn: Turn, kind: string): void {
    this.given = { ...this.given, [turn.key]: kind };
    const itemIds = turn.items.filter((item) => item.type !== "user_message").map((item) => item.id);
    this.emit("ck-rated", { itemIds, kind });
  }

  // ---- where the view stands

  get #scroller(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  #scrolled(): void {
    const scroller = this.#scroller;
    if (scroller) this.isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  }

  /** The message that was just sent stands at the top, and its answer grows below it. */
  #showLastTurn(): void {
    const last = this.renderRoot.querySelector(".last.tall");
    if (last) last.scrollIntoView({ block: "start" });
    this.isAtEnd = true;
  }

  /** Older messages came in above: what was seen stays where it was. */
  #keepPlace(): void {
    const scroller = this.#scroller;
    if (scroller) scroller.scrollTop += scroller.scrollHeight - this.#heightBefore;
  }

  /** Tells a screen reader what happened: that an answer begins, and, when it is complete, what it says. */
  #announce(before: Conversation): void {
    const { answer, error } = this.conversation;
    if (before.answer === null && answer !== null) this.spoken = this.t("thread.answering");
    if (before.answer !== null && answer === null && !error) {
      const last = this.#turns.at(-1);
      this.spoken = (last && answerText(last)) || this.t("thread.answered");
    }
  }
}

function isPrepended(before: Conversation | undefined, now: Conversation): boolean {
  const first = before?.items[0];
  return first !== undefined && now.items[0]?.id !== first.id && now.items.some((item) => item.id === first.id);
}

define("ck-thread", ThreadView);
