import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "../ui/style_map";
import type { OutgoingFile } from "../chat/files";
import { fileName } from "../items/read";
import { ChatElement, define } from "../ui/element";

/** The files of the message that is being written, with how far they are. Fires `ck-remove` with a file's key. */
export class ComposerFiles extends ChatElement {
  static override properties = { files: { attribute: false } };
  declare files: readonly OutgoingFile[];

  constructor() {
    super();
    this.files = [];
  }

  static override styles = css`
    ul {
      display: flex;
      flex-wrap: wrap;
      gap: calc(2 * var(--ck-space));
      list-style: none;
      padding: 0 0 calc(2 * var(--ck-space));
    }
    li {
      align-items: center;
      background: var(--ck-surface-sunken);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-md);
      display: flex;
      gap: calc(2 * var(--ck-space));
      max-inline-size: 16rem;
      min-block-size: 3rem;
      overflow: hidden;
      padding-inline: calc(2.5 * var(--ck-space)) 0;
      position: relative;
    }
    img {
      block-size: 3rem;
      inline-size: 3rem;
      margin-inline-start: calc(-2.5 * var(--ck-space));
      object-fit: cover;
    }
    .name {
      font-size: 0.875em;
      min-inline-size: 0;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .bar {
      background: var(--ck-accent);
      block-size: 3px;
      inset-block-end: 0;
      inset-inline-start: 0;
      position: absolute;
      transition: inline-size 0.2s;
    }
  `;

  override render(): TemplateResult {
    return html`<ul part="files">
      ${repeat(this.files, (file) => file.key, (file) => this.#file(file))}
    </ul>`;
  }

  #file(file: OutgoingFile): TemplateResult {
    const name = fileName(file.name);
    const remove = this.t("composer.removeFile", { name });
    return html`<li part="file">
      ${file.preview ? html`<img src=${file.preview} alt="" />` : html`<ck-icon name="document"></ck-icon>`}
      <span class="name" dir="auto" title=${name}>${name}</span>
      <button type="button" class="icon-button" title=${remove} aria-label=${remove} @click=${() => this.emit("ck-remove", file.key)}>
        <ck-icon name="close"></ck-icon>
      </button>
      ${file.attachment ? nothing : this.#progress(file)}
    </li>`;
  }

  #progress({ name: given, progress }: OutgoingFile): TemplateResult {
    const name = fileName(given);
    const percent = this.texts.percent(progress ?? 0);
    return html`<span
      class="bar"
      role="progressbar"
      aria-label=${this.t("composer.uploading", { name, percent })}
      aria-valuenow=${progress === null ? nothing : Math.round(progress * 100)}
      style=${styleMap({ inlineSize: `${(progress ?? 0.5) * 100}%` })}
    ></span>`;
  }
}

define("ck-composer-files", ComposerFiles);
