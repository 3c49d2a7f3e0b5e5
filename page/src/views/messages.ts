import { css, html, nothing, type TemplateResult } from "lit";
import { entityOfTag } from "../items/entity";
import type { AssistantMessage, UserContent, UserMessage } from "../protocol";
import { ChatElement, define } from "../ui/element";

/** What a user said. */
export class UserMessageElement extends ChatElement {
  static override properties = { item: { attribute: false }, isSending: { type: Boolean } };
  declare item: Pick<UserMessage, "content" | "attachments" | "quoted_text">;
  declare isSending: boolean;

  static override styles = css`
    :host {
      align-items: end;
      display: flex;
      flex-direction: column;
      gap: calc(1.5 * var(--ck-space));
      min-inline-size: 0;
    }
    .bubble {
      background: var(--ck-bubble, var(--ck-surface-sunken));
      border-radius: var(--ck-radius-xl);
      color: var(--ck-on-bubble, var(--ck-text));
      max-inline-size: min(85%, 34rem);
      overflow-wrap: anywhere;
      padding: calc(2 * var(--ck-space)) calc(4 * var(--ck-space));
      white-space: pre-wrap;
    }
    .sending {
      opacity: 0.7;
    }
    .attachments {
      display: flex;
      flex-wrap: wrap;
      gap: calc(2 * var(--ck-space));
      justify-content: end;
      list-style: none;
      max-inline-size: 100%;
      padding: 0;
    }
    blockquote {
      border-inline-start: 3px solid var(--ck-border-strong);
      color: var(--ck-text-secondary);
      font-size: 0.875em;
      margin: 0;
      max-inline-size: min(85%, 34rem);
      overflow-wrap: anywhere;
      padding-inline-start: calc(2.5 * var(--ck-space));
      white-space: pre-wrap;
    }
  `;

  override render(): TemplateResult {
    const { content, attachments, quoted_text: quote } = this.item;
    const hasText = content.some((part) => part.text.trim() !== "");
    return html`
      <span class="sr-only">${this.t("thread.you")}</span>
      ${attachments?.length
        ? html`<ul class="attachments">
            ${attachments.map((attachment) => html`<li><ck-attachment .attachment=${attachment}></ck-attachment></li>`)}
          </ul>`
        : nothing}
      ${quote ? html`<blockquote dir="auto" part="quote">${quote}</blockquote>` : nothing}
      ${hasText
        ? html`<div class=${this.isSending ? "bubble sending" : "bubble"} part="user-message" dir="auto">${content.map(part)}</div>`
        : nothing}
    `;
  }
}

function part(content: UserContent): unknown {
  if (content.type !== "input_tag") return content.text;
  return html`<ck-entity-chip .entity=${entityOfTag(content)}></ck-entity-chip>`;
}

/** What the assistant answers in words. */
export class AnswerElement extends ChatElement {
  static override properties = { item: { attribute: false }, isRunning: { type: Boolean }, imageDomains: { attribute: false } };
  declare item: AssistantMessage;
  declare isRunning: boolean;
  declare imageDomains: readonly string[] | null;

  static override styles = css`
    :host {
      display: grid;
      gap: calc(2 * var(--ck-space));
      grid-template-columns: minmax(0, 1fr);
    }
  `;

  override render(): TemplateResult {
    const annotations = this.item.content.flatMap((part) => part.annotations ?? []);
    return html`
      <span class="sr-only">${this.t("thread.assistant")}</span>
      ${this.item.content.map(
        (part) => html`<ck-markdown
          part="assistant-message"
          exportparts="code-block, table, link"
          .text=${part.text}
          .annotations=${part.annotations ?? []}
          .allowedImageDomains=${this.imageDomains}
          ?streaming=${this.isRunning}
        ></ck-markdown>`,
      )}
      ${annotations.length && !this.isRunning ? html`<ck-sources .annotations=${annotations}></ck-sources>` : nothing}
    `;
  }
}

define("ck-user-message", UserMessageElement);
define("ck-answer", AnswerElement);
