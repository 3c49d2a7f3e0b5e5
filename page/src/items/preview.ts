import { css, html, nothing, type PropertyValues } from "lit";
import type { Component } from "../protocol";
import { ChatElement, define } from "../ui/element";
import type { Entity, PreviewAsked } from "./entity";
import { placeNear } from "./place";
import { objects } from "./read";

/** A pointer that only passes by asks for nothing; one on its way to the preview does not lose it. In ms. */
const OPEN_AFTER = 250;
const CLOSE_AFTER = 250;

/**
 * `<ck-preview .entity>` around a button: while the pointer or the focus is on it, asks those above for a preview
 * (`ck-preview`) and shows it. It stays while the pointer is on the preview itself, and goes with Escape.
 */
export class PreviewElement extends ChatElement {
  static override properties = { entity: { attribute: false }, preview: { state: true } };
  static override styles = css`
    :host {
      display: inline;
      font-size: inherit;
      line-height: inherit;
    }
    .preview {
      background: var(--ck-surface-raised);
      border: 0;
      border-radius: var(--ck-radius-lg);
      box-shadow: var(--ck-shadow);
      color: var(--ck-text);
      font-size: var(--ck-size);
      inline-size: 20rem; /* a widget has no width of its own */
      inset: auto;
      margin: 0;
      max-block-size: min(24rem, 60vh);
      max-inline-size: calc(100vw - 1rem);
      overflow: auto;
      padding: 0;
      position: fixed;
    }
    .bare {
      border: 1px solid var(--ck-border);
      padding: calc(4 * var(--ck-space));
    }
  `;

  declare entity: Entity | null;
  declare private preview: Component | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Answers to earlier questions come too late. */
  #asked = 0;
  #sizes: ResizeObserver | undefined;

  constructor() {
    super();
    this.entity = null;
    this.preview = null;
    if (typeof ResizeObserver === "function") this.#sizes = new ResizeObserver(this.settle);
    this.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && this.later(OPEN_AFTER, this.ask));
    this.addEventListener("pointerleave", () => this.isFocused || this.later(CLOSE_AFTER, this.close));
    this.addEventListener("focusin", () => this.isFocused && this.later(0, this.ask));
    this.addEventListener("focusout", (event) => this.leave(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.close();
    this.watch(null);
  }

  protected override render() {
    const { entity, preview } = this;
    if (entity === null || preview === null) return html`<slot @click=${this.close}></slot>`;
    return html`<slot @click=${this.close}></slot>
      <div class=${hasFrame(preview) ? "preview" : "preview bare"} part="preview" popover="manual" role="group" aria-label=${this.t("preview.label", { title: entity.title })}>
        <ck-widget .root=${preview}></ck-widget>
      </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("preview")) return;
    const box = this.renderRoot.querySelector<HTMLElement>(".preview");
    this.watch(box);
    box?.showPopover?.(); // above all else, whatever cuts off what is around it
  }

  /** Whether the keyboard is here: a click focuses too, and is not meant. */
  private get isFocused(): boolean {
    return this.querySelector(":focus-visible") !== null || this.renderRoot.querySelector(":focus-within") !== null;
  }

  /** While it is shown, or for null no longer: keeps it in its place as the widget grows, and hears Escape. */
  private watch(box: HTMLElement | null): void {
    this.#sizes?.disconnect();
    document.removeEventListener("keydown", this.closeByKey, true);
    if (box === null) return;
    document.addEventListener("keydown", this.closeByKey, true);
    this.#sizes?.observe(box);
  }

  private readonly settle = (): void => {
    const box = this.renderRoot.querySelector<HTMLElement>(".preview");
    const anchor = this.firstElementChild?.getBoundingClientRect();
    if (box !== null && anchor !== undefined) placeNear(box, anchor, "above");
  };

  private readonly ask = (): void => {
    if (this.entity === null || this.preview !== null) return;
    this.#asked += 1;
    const asked = this.#asked;
    const show = (root: object | null) => {
      if (asked === this.#asked) this.preview = root as Component | null;
    };
    this.emit<PreviewAsked>("ck-preview", { entity: this.entity, show });
  };

  private readonly close = (): void => {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.preview = null;
  };

  private readonly closeByKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // what the entity stands in stays open
    this.close();
  };

  private leave(event: FocusEvent): void {
    if (event.relatedTarget instanceof Node && this.contains(event.relatedTarget)) return;
    this.later(0, this.close);
  }

  private later(delay: number, what: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(what, delay);
  }
}

/** Whether the widget brings a frame of its own. */
function hasFrame(root: Component): boolean {
  if (root.type !== "Basic") return true;
  return objects(Array.isArray(root.children) ? root.children : [root.children]).some(({ type }) => type === "Card" || type === "ListView");
}

define("ck-preview", PreviewElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-preview": PreviewElement;
  }
}
