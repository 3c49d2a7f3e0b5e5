import type { LitElement, ReactiveController } from "lit";

/** Goes on elsewhere when what had the focus in an element is gone; not where that would open a keyboard on the screen. */
export class FocusKeeper implements ReactiveController {
  /** What had the focus when the host was drawn last. */
  #focused: Element | null = null;
  readonly #host: LitElement;
  readonly #goOn: () => void;

  constructor(host: LitElement, goOn: () => void) {
    this.#host = host;
    this.#goOn = goOn;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#focused = deepest(this.#host.renderRoot as ShadowRoot) ?? this.#focused;
  }

  hostUpdated(): void {
    if (this.#focused) requestAnimationFrame(() => this.#keep()); // when those below have drawn, too
  }

  #keep(): void {
    const mayHaveIt = this.#focused === null || (this.#focused.isConnected && !this.#focused.matches(":disabled"));
    if (mayHaveIt || (document.activeElement ?? document.body) !== document.body) return;
    this.#focused = null;
    if (matchMedia("(hover: hover)").matches) this.#goOn();
  }
}

/** What has the focus within, however deep. */
function deepest(root: ShadowRoot): Element | null {
  const found = root.activeElement;
  return found?.shadowRoot?.activeElement ? deepest(found.shadowRoot) : found;
}
