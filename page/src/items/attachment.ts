import { css, html, nothing } from "lit";
import type { SentAttachment } from "../protocol";
import { ChatElement, define } from "../ui/element";
import "./large_image";
import { fileName, imageUrl, text } from "./read";

/** `<ck-attachment .attachment>`: a file that a message was sent with, an image as its preview. */
export class AttachmentElement extends ChatElement {
  static override properties = { attachment: { attribute: false }, broken: { state: true } };
  static override styles = css`
    :host {
      display: inline-block;
      max-inline-size: 100%;
    }
    .file {
      align-items: center;
      background: var(--ck-surface-raised);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-lg);
      display: grid;
      gap: 0 calc(2.5 * var(--ck-space));
      grid-template-columns: auto minmax(0, 1fr);
      max-inline-size: min(100%, 18rem);
      padding: calc(2 * var(--ck-space)) calc(3 * var(--ck-space)) calc(2 * var(--ck-space)) calc(2 * var(--ck-space));
    }
    .picture {
      align-items: center;
      background: var(--ck-info-soft);
      block-size: 2.25rem;
      border-radius: var(--ck-radius-md);
      color: var(--ck-info);
      display: flex;
      font-size: 1.15em;
      inline-size: 2.25rem;
      justify-content: center;
    }
    .words {
      display: grid;
      line-height: 1.35;
      min-inline-size: 0;
    }
    .name {
      font-size: 0.93em;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .kind {
      color: var(--ck-text-secondary);
      font-size: 0.8em;
    }
    .image {
      background: var(--ck-surface-sunken);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-lg);
      cursor: zoom-in;
      display: block;
      overflow: hidden;
      padding: 0;
    }
    img {
      block-size: 10rem;
      display: block;
      max-inline-size: 100%;
      min-inline-size: 4rem;
      object-fit: cover;
    }
  `;

  declare attachment: SentAttachment | null;
  /** The preview that could not be loaded: its link may have expired. */
  declare private broken: string | null;

  constructor() {
    super();
    this.attachment = null;
    this.broken = null;
  }

  protected override render() {
    const { attachment } = this;
    if (attachment === null) return nothing;
    const name = fileName(attachment.name) || this.t("file.unnamed");
    const url = attachment.type === "file" ? null : imageUrl(attachment.preview_url);
    if (url !== null && url !== this.broken) return this.renderImage(url, name);
    return html`<span class="file" part="attachment">
      <span class="picture"><ck-icon .name=${attachment.type === "image" ? "images" : "document"}></ck-icon></span>
      <span class="words">
        <bdi class="name" title=${name}>${name}</bdi>
        <span class="kind">${kindOf(attachment)}</span>
      </span>
    </span>`;
  }

  private renderImage(url: string, name: string) {
    return html`<button
        type="button"
        class="image"
        part="attachment"
        title=${name}
        aria-label=${this.t("image.openNamed", { name })}
        aria-haspopup="dialog"
        @click=${this.enlarge}
      >
        <img src=${url} alt=${name} referrerpolicy="no-referrer" @error=${() => (this.broken = url)} />
      </button>
      <ck-large-image .url=${url} .alt=${name} .name=${name}></ck-large-image>`;
  }

  private enlarge(event: Event): void {
    const opener = event.currentTarget as HTMLElement;
    void this.renderRoot.querySelector("ck-large-image")?.show(opener);
  }
}

/** "PDF" for `report.pdf`; without an ending what the type says, as "PLAIN" for `text/plain`. */
export function kindOf(attachment: SentAttachment): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(text(attachment.name))?.[1];
  const subtype = text(attachment.mime_type).split(/[/;]/)[1] ?? "";
  return (ending ?? (subtype.length <= 8 ? subtype : "")).toUpperCase();
}

define("ck-attachment", AttachmentElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-attachment": AttachmentElement;
  }
}
