import { css, html, nothing } from "lit";
import type { GeneratedImage } from "../protocol";
import { ChatElement, define } from "../ui/element";
import "./large_image";
import { imageUrl } from "./read";

/** `<ck-generated-image .item ?running>`: an image that the model made, or a place for the one it is making. */
export class GeneratedImageElement extends ChatElement {
  static override properties = {
    item: { attribute: false },
    running: { type: Boolean },
    broken: { state: true },
  };
  static override styles = css`
    :host {
      display: block;
    }
    .frame {
      border-radius: var(--ck-radius-lg);
      display: block;
      inline-size: fit-content;
      max-inline-size: min(100%, 26rem);
      overflow: hidden;
      position: relative;
    }
    .placeholder {
      aspect-ratio: 1;
      background: var(--ck-surface-sunken);
      display: grid;
      inline-size: 100%;
      inline-size: min(100%, 20rem);
      place-items: center;
    }
    .words {
      align-items: center;
      color: var(--ck-text-secondary);
      display: grid;
      gap: calc(2 * var(--ck-space));
      justify-items: center;
    }
    .words ck-icon {
      font-size: 1.75em;
    }
    .shine::after {
      animation: pass 1.8s ease-in-out infinite;
      background: linear-gradient(100deg, transparent 30%, var(--ck-hover) 50%, transparent 70%);
      content: "";
      inset: 0;
      pointer-events: none;
      position: absolute;
      translate: -100% 0;
    }
    img {
      display: block;
      max-block-size: min(32rem, 70vh);
      max-inline-size: 100%;
      min-inline-size: 10rem; /* an icon is an image too, and must leave room for the button */
      object-fit: contain;
    }
    .partial img {
      filter: blur(6px);
      scale: 1.03;
    }
    .open {
      background: none;
      border: 0;
      border-radius: inherit;
      cursor: zoom-in;
      display: block;
      padding: 0;
    }
    .open:focus-visible {
      outline-offset: -3px;
    }
    .status {
      align-items: center;
      color: var(--ck-text-secondary);
      display: flex;
      font-size: 0.87em;
      gap: calc(2 * var(--ck-space));
      margin-block-start: calc(2 * var(--ck-space));
      max-inline-size: 20rem;
    }
    progress {
      accent-color: var(--ck-accent);
      appearance: none;
      background: var(--ck-surface-sunken);
      block-size: 0.375rem;
      border: 0;
      border-radius: var(--ck-radius-full);
      flex: 1;
      inline-size: 100%;
      overflow: hidden;
    }
    progress::-webkit-progress-bar {
      background: var(--ck-border);
    }
    progress::-webkit-progress-value {
      background: var(--ck-accent);
      transition: inline-size 0.3s;
    }
    progress::-moz-progress-bar {
      background: var(--ck-accent);
    }
    .download {
      background: var(--ck-surface);
      inset-block-start: calc(2 * var(--ck-space));
      inset-inline-end: calc(2 * var(--ck-space));
      opacity: 0;
      position: absolute;
      transition: opacity 0.15s;
    }
    .frame:hover .download,
    .frame:focus-within .download {
      opacity: 1;
    }
    @media (hover: none) {
      .download {
        opacity: 1;
      }
    }
    @keyframes pass {
      to {
        translate: 100% 0;
      }
    }
  `;

  declare item: GeneratedImage | null;
  declare running: boolean;
  /** The address that could not be loaded. */
  declare private broken: string | null;

  constructor() {
    super();
    this.item = null;
    this.running = false;
    this.broken = null;
  }

  protected override render() {
    if (this.item === null) return nothing;
    const url = imageUrl(this.item.image?.url);
    if (url !== null && url === this.broken && !this.running) return this.renderNothing("image.failed");
    if (this.running) return html`${url === null ? this.renderPlaceholder() : this.renderPartial(url)}${this.renderProgress()}`;
    return url === null ? this.renderNothing("image.none") : this.renderImage(url);
  }

  private renderNothing(key: "image.none" | "image.failed") {
    return html`<div class="frame placeholder" part="image">
      <p class="words"><ck-icon name="image-missing"></ck-icon>${this.t(key)}</p>
    </div>`;
  }

  private renderPlaceholder() {
    return html`<div class="frame placeholder shine" part="image">
      <p class="words"><ck-icon name="images"></ck-icon>${this.t("image.making")}</p>
    </div>`;
  }

  private renderPartial(url: string) {
    return html`<div class="frame partial shine" part="image">
      <img src=${url} alt=${this.t("image.making")} referrerpolicy="no-referrer" />
    </div>`;
  }

  private renderProgress() {
    const { progress } = this.item ?? {};
    const share = typeof progress === "number" && progress >= 0 ? Math.min(progress, 1) : null;
    if (share === null) return nothing; // the shine says enough
    return html`<div class="status">
      <progress aria-label=${this.t("image.progress")} max="1" .value=${share}></progress>
      <span aria-hidden="true">${this.texts.percent(share)}</span>
    </div>`;
  }

  private renderImage(url: string) {
    const alt = this.t("image.alt");
    const name = `${this.item?.image?.id ?? "image"}`;
    return html`<div class="frame" part="image">
        <button type="button" class="open" aria-label=${this.t("image.open")} aria-haspopup="dialog" @click=${this.enlarge}>
          <img src=${url} alt=${alt} referrerpolicy="no-referrer" @error=${() => (this.broken = url)} />
        </button>
        <a class="icon-button download" href=${url} download=${name} target="_blank" rel="noopener noreferrer"
          aria-label=${this.t("image.download")}
          ><ck-icon name="download"></ck-icon
        ></a>
      </div>
      <ck-large-image .url=${url} .alt=${alt} .name=${name}></ck-large-image>`;
  }

  private enlarge(event: Event): void {
    const opener = event.currentTarget as HTMLElement;
    void this.renderRoot.querySelector("ck-large-image")?.show(opener);
  }
}

define("ck-generated-image", GeneratedImageElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-generated-image": GeneratedImageElement;
  }
}
