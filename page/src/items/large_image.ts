import { css, html, nothing } from "lit";
import { ChatElement, define } from "../ui/element";
import { imageUrl } from "./read";

/** `<ck-large-image .url .alt .name>`: an image as large as the window, after `show()`, until it is closed. */
export class LargeImage extends ChatElement {
  static override properties = { url: {}, alt: {}, name: {}, isOpen: { state: true } };
  static override styles = css`
    dialog {
      background: transparent;
      border: 0;
      block-size: 100dvh;
      color: var(--ck-text);
      inline-size: 100vw;
      margin: 0;
      max-block-size: none;
      max-inline-size: none;
      padding: 0;
    }
    dialog::backdrop {
      background: rgb(0 0 0 / 0.8);
    }
    .stage {
      align-items: center;
      block-size: 100%;
      display: grid;
      gap: calc(3 * var(--ck-space));
      grid-template-rows: auto minmax(0, 1fr);
      justify-items: center;
      padding: calc(4 * var(--ck-space));
    }
    .bar {
      display: flex;
      gap: calc(2 * var(--ck-space));
      justify-self: end;
    }
    .bar > * {
      text-decoration: none;
    }
    .bar .button {
      background: var(--ck-surface);
      color: var(--ck-text);
    }
    img {
      border-radius: var(--ck-radius-md);
      display: block;
      max-block-size: 100%;
      max-inline-size: 100%;
      object-fit: contain;
    }
  `;

  declare url: string;
  declare alt: string;
  /** What a download is called. */
  declare name: string;
  declare private isOpen: boolean;
  #opener: HTMLElement | null = null;

  constructor() {
    super();
    this.url = "";
    this.alt = "";
    this.name = "";
    this.isOpen = false;
  }

  /** Opens it; the focus goes back to `opener` when it is closed. */
  async show(opener: HTMLElement | null): Promise<void> {
    this.#opener = opener;
    this.isOpen = true;
    await this.updateComplete;
    this.renderRoot.querySelector("dialog")?.showModal();
  }

  protected override render() {
    const url = imageUrl(this.url);
    if (!this.isOpen || url === null) return nothing;
    return html`<dialog part="large-image" aria-label=${this.alt} @close=${this.hide} @click=${this.closeOutside}>
      <div class="stage">
        <div class="bar">
          <a class="button" href=${url} download=${this.name} target="_blank" rel="noopener noreferrer"
            ><ck-icon name="download"></ck-icon>${this.t("image.download")}</a
          >
          <button type="button" class="button" autofocus aria-label=${this.t("chat.close")} @click=${this.close}>
            <ck-icon name="close"></ck-icon>
          </button>
        </div>
        <img src=${url} alt=${this.alt} referrerpolicy="no-referrer" />
      </div>
    </dialog>`;
  }

  private close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  private hide(): void {
    this.isOpen = false;
    this.#opener?.focus();
  }

  /** Around the image and the buttons is outside, as people see it. */
  private closeOutside(event: Event): void {
    if (event.target instanceof Element && event.target.matches("dialog, .stage")) this.close();
  }
}

define("ck-large-image", LargeImage);

declare global {
  interface HTMLElementTagNameMap {
    "ck-large-image": LargeImage;
  }
}
