import { html, nothing, type PropertyValues } from "lit";
import type { Component } from "../protocol";
import { palette } from "../theme";
import { ChatElement, define } from "../ui/element";
import type { ActionRequest, LoadingBehavior } from "./action";
import { draw, scopeOf } from "./draw";
import { focusedField, focusField, focusWanted, type FocusedField } from "./focus";
import { formValues, put, withValues, type FormValues } from "./form";
import { checkPatterns, nameFields } from "./labels";
import type { Host, Start } from "./scope";
import { styles } from "./styles";
import { animateTransitions } from "./transition";
import { choiceIn } from "./values";

/** In ms. */
const HIDDEN_FRAME = 300;

/**
 * `<ck-widget .root=${…} itemId="…">`: a tree of components as the server describes it. Fires `ck-action` with an
 * `ActionRequest` when a control with an action is used.
 *
 * Trees are replaced, never changed; what is the same object as before is not drawn again. What a person typed
 * belongs to the widget, by the names of the fields, and outlives the trees.
 */
export class Widget extends ChatElement implements Host {
  static override properties = {
    root: { attribute: false },
    itemId: { attribute: false },
    disabled: { type: Boolean },
  };
  static override styles = styles;

  declare root: Component | undefined;
  declare itemId: string;
  declare disabled: boolean;
  version = 0;
  readonly #typed = new Map<string, string | boolean>();
  readonly #ids = new Map<string, string>();
  readonly #open = new Set<string>();
  readonly #pending = new Map<string, number>();
  #busy = 0;
  #focused: FocusedField | undefined;

  constructor() {
    super();
    this.itemId = "";
    this.disabled = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("itemId")) this.#typed.clear();
    if (changed.has("disabled") || changed.has("itemId")) this.version += 1;
    this.#focused = focusedField(this.renderRoot as ShadowRoot);
    if (changed.has("root")) this.retheme();
  }

  protected override render() {
    if (this.root === undefined || this.root === null) return nothing;
    const isBusy = this.#busy > 0;
    return html`<div
        class="root"
        part="widget"
        ?inert=${isBusy}
        ?data-busy=${isBusy}
        aria-busy=${isBusy ? "true" : "false"}
        @input=${this.checkPatterns}
      >
        ${draw(this.root, scopeOf(this))}
      </div>
      <span class="sr-only" role="status">${isBusy ? this.t("widget.working") : nothing}</span>`;
  }

  protected override updated(): void {
    const root = this.renderRoot as ShadowRoot;
    nameFields(root);
    this.checkPatterns();
    focusField(root, this.#focused);
    focusWanted(root);
    animateTransitions(root);
  }

  /* what the components ask for */

  redraw(): void {
    this.version += 1;
    this.requestUpdate();
  }

  isPending(path: string): boolean {
    return this.#pending.has(path);
  }

  typed(form: string, name: string): string | boolean | undefined {
    return this.#typed.get(keyOf(form, name));
  }

  type(form: string, name: string, value: string | boolean): void {
    this.#typed.set(keyOf(form, name), value);
  }

  idFor(key: string): string {
    const id = this.#ids.get(key) ?? `c${this.#ids.size}`;
    this.#ids.set(key, id);
    return id;
  }

  isOpen(path: string): boolean {
    return this.#open.has(path);
  }

  open(path: string, isOpen: boolean): void {
    if (isOpen) this.#open.add(path);
    else this.#open.delete(path);
    this.redraw();
  }

  /** Fires `ck-action`; whoever answers it says with `until` how long it takes. */
  start(start: Start): void {
    if (this.disabled) return;
    const { action } = start;
    const payload = withValues(action.payload, this.valuesFor(start), (name) => this.collided(action.type, name));
    const behavior = action.loadingBehavior === "auto" ? start.auto : action.loadingBehavior;
    const request: ActionRequest = {
      action: { ...action, payload },
      itemId: this.itemId,
      until: (work) => void this.waitFor(work, behavior, start),
    };
    this.emit("ck-action", request);
  }

  private checkPatterns(): void {
    checkPatterns(this.renderRoot, this.t("widget.mismatch"));
  }

  private valuesFor({ element, own }: Start): FormValues {
    const form = element.closest("form");
    if (form) return formValues(form);
    const values: FormValues = {};
    for (const [name, value] of Object.entries(own ?? {})) put(values, name, value);
    return values;
  }

  private collided(type: string, name: string): void {
    this.emit("ck-error", { error: new Error(`The payload of the action "${type}" already has "${name}": the field is ignored.`) });
  }

  private async waitFor(work: Promise<unknown>, behavior: Exclude<LoadingBehavior, "auto">, start: Start): Promise<void> {
    const { root } = this;
    const focused = focusedField(this.renderRoot as ShadowRoot);
    this.count(behavior, start.path, 1);
    const isDone = await work.then(
      () => true,
      () => false, // whoever started the work tells of its failure
    );
    await drawn();
    this.count(behavior, start.path, -1);
    if (isDone && start.submits !== undefined && this.root !== root) this.forget(start.submits);
    await this.updateComplete;
    focusField(this.renderRoot as ShadowRoot, focused);
  }

  private count(behavior: Exclude<LoadingBehavior, "auto">, path: string, change: 1 | -1): void {
    if (behavior === "none") return;
    if (behavior === "container") this.#busy += change;
    const count = (this.#pending.get(path) ?? 0) + change;
    if (count > 0) this.#pending.set(path, count);
    else this.#pending.delete(path);
    this.redraw();
  }

  /** A form that was sent, and answered with another widget, begins anew. */
  private forget(form: string): void {
    for (const key of this.#typed.keys()) {
      if (key.startsWith(keyOf(form, ""))) this.#typed.delete(key);
    }
    this.redraw();
  }

  /** A root with a theme of its own gets the palette; others have the colors of the chat around them. */
  private retheme(): void {
    const theme = choiceIn(this.root?.theme, ["light", "dark"]);
    if (theme === undefined) this.removeAttribute("data-theme");
    else this.dataset.theme = theme;
    adopt(this.renderRoot as ShadowRoot, theme !== undefined);
  }
}

/** What the work has brought is shown with the next frame; a page that nobody sees has none. */
function drawn(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve, HIDDEN_FRAME);
    else requestAnimationFrame(() => resolve());
  });
}

function keyOf(form: string, name: string): string {
  return `${form}\n${name}`;
}

/** The palette as a sheet that is there or not: it would else reset what the page has set for the whole chat. */
function adopt(root: ShadowRoot, isWanted: boolean): void {
  const sheet = palette.styleSheet;
  if (sheet === undefined || root.adoptedStyleSheets === undefined) return;
  const others = root.adoptedStyleSheets.filter((each) => each !== sheet);
  root.adoptedStyleSheets = isWanted ? [sheet, ...others] : others;
}

define("ck-widget", Widget);

declare global {
  interface HTMLElementTagNameMap {
    "ck-widget": Widget;
  }
}
