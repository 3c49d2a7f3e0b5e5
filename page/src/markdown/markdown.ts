import { html, render, type PropertyValues } from "lit";
import type { Annotation } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { Blocks } from "./blocks";
import { numbered, placed, signed, type Place } from "./citations";
import { directionOf } from "./direction";
import type { Drawing } from "./drawing";
import { lexed, noDefinitions, type Definitions } from "./lexer";
import { signsIn, withoutSigns } from "./marks";
import { mended } from "./mended";
import { styles } from "./styles";
import { blocks } from "./templates";

/** A block this long (a list of hundreds of items) costs milliseconds, so while it grows it is drawn now and then. */
const LONG = 8000;
const PAUSE_PER_CHARACTER = 1 / 80;

/** One block as it stands in the page. */
interface Shown {
  element: HTMLElement;
  source: string;
  drawing: Drawing | null;
}

/**
 * Markdown, also while it is being written. A block that is finished is neither read nor drawn again, so that more
 * text costs the same however long the answer is; this is why blocks are kept here and not in one template.
 * Fires `ck-link` {href} for each link clicked, and `ck-annotation` {annotation} for the mark of a source.
 */
export class Markdown extends ChatElement {
  static override properties = {
    text: { attribute: false },
    streaming: { type: Boolean },
    annotations: { attribute: false, hasChanged: isAnotherList },
    allowedImageDomains: { attribute: false },
  };
  static override styles = styles;
  declare text: string;
  declare streaming: boolean;
  declare annotations: readonly Annotation[];
  /** Where images may lie; null: anywhere. */
  declare allowedImageDomains: readonly string[] | null;

  readonly #blocks = new Blocks();
  readonly #shown: Shown[] = [];
  #definitions: Definitions = noDefinitions();
  #places: readonly Place[] = [];
  #numbers: readonly number[] = [];
  /** How finished blocks are drawn, and the one that grows. */
  #drawing: Drawing | null = null;
  #growing: Drawing | null = null;
  #drawnWith: readonly unknown[] = [];
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.text = "";
    this.streaming = false;
    this.annotations = [];
    this.allowedImageDomains = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  protected override render(): unknown {
    return html`<div class="body" part="body" @click=${this.#clicked} @auxclick=${this.#clicked}></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    const renewals = this.#blocks.renewals;
    const length = this.#blocks.text.length;
    let first = this.#blocks.read(this.text);
    if (this.#blocks.renewals !== renewals) this.#definitions = noDefinitions();
    if (this.#readAnnotations(changed, length)) first = 0;
    if (this.#readDrawing(this.#blocks.renewals)) first = 0;
    for (let index = first; index < this.#blocks.count; index += 1) this.#show(index);
    for (const { element } of this.#shown.splice(this.#blocks.count)) element.remove();
  }

  /** Whether marks may stand elsewhere in finished blocks. Those at the end of the text move with it. */
  #readAnnotations(changed: PropertyValues, length: number): boolean {
    const isNew = changed.has("annotations");
    if (isNew) this.#numbers = numbered(this.annotations);
    const wasAtEnd = (this.#places[this.#places.length - 1]?.at ?? -1) >= length;
    if (!isNew && !wasAtEnd && !changed.has("streaming")) return false;
    this.#places = placed(this.annotations, this.text);
    return isNew || (changed.has("streaming") && this.#places.length > 0);
  }

  /** Whether all has to be drawn again, because what the drawing needs is another. */
  #readDrawing(...also: unknown[]): boolean {
    const needs = [this.texts, this.allowedImageDomains, ...also];
    const isSame = needs.every((need, index) => need === this.#drawnWith[index]);
    if (isSame && this.#drawing?.numbers === this.#numbers) return false;
    const t: Drawing["t"] = (key, values) => this.t(key, values);
    this.#drawing = {
      t: isSame ? (this.#drawing?.t ?? t) : t,
      numbers: this.#numbers,
      titles: this.annotations.map(({ source }) => source.title),
      allowedImageDomains: this.allowedImageDomains,
      growing: false,
    };
    this.#growing = { ...this.#drawing, growing: true };
    this.#drawnWith = needs;
    return !isSame;
  }

  #show(index: number): void {
    const shown = (this.#shown[index] ??= this.#added());
    const grows = this.streaming && index === this.#blocks.count - 1;
    if (grows && this.#pauses(index)) return;
    const drawing = grows ? this.#growing : this.#drawing;
    const source = this.#source(index, grows);
    const isDrawn = shown.source === source && shown.drawing !== null && isAlike(shown.drawing, drawing, source);
    if (!isDrawn && drawing !== null) this.#draw(shown, source, drawing);
  }

  /** Whether the block that grows has to wait for its turn, which then comes by itself. */
  #pauses(index: number): boolean {
    const length = this.text.length - this.#blocks.start(index);
    if (length < LONG || this.#blocks.isInFence) return false;
    if (this.#pause !== undefined) return true;
    const turn = () => {
      this.#pause = undefined;
      if (index === this.#blocks.count - 1) this.#show(index);
    };
    this.#pause = setTimeout(turn, length * PAUSE_PER_CHARACTER);
    return false;
  }

  #source(index: number, grows: boolean): string {
    const block = this.#blocks.block(index);
    const source = grows ? mended(block) : block;
    if (this.#places.length === 0) return source;
    const [start, end] = [this.#blocks.start(index), this.#blocks.start(index + 1)];
    const isHere = ({ at }: Place) => (at > start || index === 0) && at <= end;
    const places = this.#places.map((place) => (this.streaming ? place : { ...place, at: Math.min(place.at, this.text.length) }));
    return signed(source, places.filter(isHere).map((place) => ({ ...place, at: place.at - start })), this.#numbers);
  }

  #draw(shown: Shown, source: string, drawing: Drawing): void {
    const known = Object.keys(this.#definitions).length;
    const definitions = drawing.growing ? Object.assign(noDefinitions(), this.#definitions) : this.#definitions;
    shown.source = source;
    shown.drawing = drawing;
    const direction = directionOf(source);
    if (shown.element.dir !== direction) shown.element.dir = direction;
    try {
      render(blocks(lexed(source, definitions), drawing), shown.element);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#showPlain(shown);
    }
    const labels = Object.keys(this.#definitions).slice(known);
    if (labels.length > 0) this.#drawReferences(labels, shown);
  }

  /** Marks that stand in each other by the thousand are more than the stack holds: the text is shown as it is. */
  #showPlain(shown: Shown): void {
    const plain = this.#added();
    shown.element.replaceWith(plain.element);
    shown.element = plain.element;
    render(html`<p>${withoutSigns(shown.source)}</p>`, shown.element);
  }

  /** Blocks above that have referred to what is only now defined. */
  #drawReferences(labels: readonly string[], except: Shown): void {
    for (const shown of this.#shown) {
      const { source, drawing } = shown;
      if (shown === except || drawing === null || !source.includes("[")) continue;
      const text = source.toLowerCase();
      if (labels.some((label) => text.includes(`[${label}`))) this.#draw(shown, source, { ...drawing });
    }
  }

  #added(): Shown {
    const element = document.createElement("div");
    element.className = "block";
    this.renderRoot.querySelector(".body")?.append(element);
    return { element, source: "", drawing: null };
  }

  readonly #clicked = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest("a[href]");
    if (link) return this.#follow(event, link.getAttribute("href") ?? "");
    const button = event.type === "click" ? target?.closest<HTMLElement>("button") : null;
    const annotation = this.annotations[Number(button?.dataset["annotation"])];
    if (annotation !== undefined) this.emit("ck-annotation", { annotation });
    if (button?.dataset["to"] !== undefined) this.#goTo("note", button.dataset["to"]);
    if (button?.dataset["back"] !== undefined) this.#goTo("to", button.dataset["back"]);
  };

  /** Only the application knows where its own links lead. */
  #follow(event: MouseEvent, href: string): void {
    const goesOn = this.emit("ck-link", { href });
    if (!goesOn || /^chatkit-link:/i.test(href)) event.preventDefault();
  }

  /** To a footnote, or to the first place that refers to it. */
  #goTo(what: "note" | "to", label: string): void {
    const all = Array.from(this.renderRoot.querySelectorAll<HTMLElement>(`[data-${what}]`));
    const place = all.find((element) => element.dataset[what]?.toLowerCase() === label.toLowerCase());
    place?.scrollIntoView?.({ block: "nearest" });
    place?.focus({ preventScroll: true });
  }
}

function isAnotherList(value: readonly unknown[], old: readonly unknown[] | undefined): boolean {
  return value.length !== old?.length || value.some((entry, index) => entry !== old[index]);
}

/** Whether a block drawn with `one` looks the same with `other`: annotations matter where marks are. */
function isAlike(one: Drawing, other: Drawing | null, source: string): boolean {
  return one === other || (other !== null && one.growing === other.growing && one.t === other.t && signsIn(source).length === 0);
}

define("ck-markdown", Markdown);
