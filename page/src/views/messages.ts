import { css, html, nothing, type TemplateResult } from "lit";
import { entityOfTag } from "../items/entity";
import { SourcesElement } from "../items/sources";
import type { Annotation, AnswerPart, AssistantMessage, UserContent, UserMessage } from "../protocol";
import { ChatElement, define } from "../ui/element";

/** What a user said. */
export class UserMessageElement extends ChatElement {
  static override properties = { item: { attribute: false } };
  declare item: Pick<UserMessage, "content" | "attachments" | "quoted_text">;

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
        ? html`<div class="bubble" part="user-message" dir="auto">${content.map(part)}</div>`
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
      display: block;
      min-inline-size: 0;
    }
    ck-sources {
      margin-block: calc(2 * var(--ck-space));
    }
  `;

  override render(): TemplateResult {
    return html`
      <span class="sr-only">${this.t("thread.assistant")}</span>
      <ck-selection-quote>${this.item.content.map((part) => this.#part(part))}</ck-selection-quote>
    `;
  }

  /** Each part has its own sources: the numbers in its text are theirs. */
  #part({ text, annotations = [] }: AnswerPart): TemplateResult {
    return html`<ck-markdown
        part="assistant-message"
        exportparts="code-block, table, link"
        .text=${text}
        .annotations=${annotations}
        .allowedImageDomains=${this.imageDomains}
        ?streaming=${this.isRunning}
        @ck-annotation=${this.#reveal}
      ></ck-markdown>
      ${annotations.length && !this.isRunning ? html`<ck-sources .annotations=${annotations}></ck-sources>` : nothing}`;
  }

  /** A mark in the text leads to its source below. */
  #reveal(event: CustomEvent<{ annotation: Annotation }>): void {
    const sources = (event.currentTarget as HTMLElement).nextElementSibling;
    if (sources instanceof SourcesElement) sources.reveal(event.detail.annotation);
  }
}

define("ck-user-message", UserMessageElement);
define("ck-answer", AnswerElement);
