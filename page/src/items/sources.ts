import { css, html, nothing } from "lit";
import type { Annotation, Source } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { entityOfSource, type EntityChosen } from "./entity";
import { nameOf, numbered, type Numbered } from "./numbered";
import "./preview";
import { text, webUrl } from "./read";

/** `<ck-sources .annotations>`: what an answer is based on, under it, each source once and numbered as in the text. */
export class SourcesElement extends ChatElement {
  static override properties = { annotations: { attribute: false }, isOpen: { state: true } };
  static override styles = css`
    :host {
      display: block;
      font-size: 0.93em;
      margin-block-start: calc(2.5 * var(--ck-space));
    }
    .summary {
      align-items: center;
      background: none;
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-full);
      color: var(--ck-text-secondary);
      display: inline-flex;
      gap: calc(1.5 * var(--ck-space));
      min-block-size: 1.75rem;
      padding: 0 calc(2.5 * var(--ck-space));
    }
    .summary:hover {
      background: var(--ck-hover);
      color: var(--ck-text);
    }
    .chevron {
      rotate: 0deg;
      transition: rotate 0.2s;
    }
    [aria-expanded="true"] .chevron {
      rotate: 180deg;
    }
    ol {
      display: grid;
      gap: calc(0.5 * var(--ck-space));
      list-style: none;
      margin-block-start: calc(1.5 * var(--ck-space));
      padding: 0;
    }
    .group {
      color: var(--ck-text-secondary);
      font-size: 0.9em;
      font-weight: 600;
      margin: calc(2 * var(--ck-space)) 0 0;
      padding-inline-start: calc(2 * var(--ck-space));
    }
    .source {
      background: none;
      border: 0;
      border-radius: var(--ck-radius-md);
      color: inherit;
      display: grid;
      gap: 0 calc(2.5 * var(--ck-space));
      grid-template-columns: 1.5rem minmax(0, 1fr);
      inline-size: 100%;
      padding: calc(1.5 * var(--ck-space)) calc(2 * var(--ck-space));
      text-align: start;
      text-decoration: none;
    }
    a.source:hover,
    button.source:hover {
      background: var(--ck-hover);
    }
    .number {
      align-items: center;
      background: var(--ck-surface-sunken);
      block-size: 1.4em;
      border-radius: var(--ck-radius-sm);
      color: var(--ck-text-secondary);
      display: flex;
      font-size: 0.87em;
      font-variant-numeric: tabular-nums;
      justify-content: center;
      margin-block-start: 0.15em;
      min-inline-size: 1.5rem;
    }
    .words {
      display: block;
      min-inline-size: 0;
    }
    .title {
      font-weight: 500;
      overflow-wrap: anywhere;
    }
    a .title,
    button .title {
      color: var(--ck-link);
    }
    .meta,
    .description {
      color: var(--ck-text-secondary);
      display: block;
      font-size: 0.9em;
      overflow-wrap: anywhere;
    }
    .description {
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 2;
      display: -webkit-box;
      overflow: hidden;
    }
  `;

  declare annotations: readonly Annotation[];
  declare private isOpen: boolean;

  constructor() {
    super();
    this.annotations = [];
    this.isOpen = false;
  }

  protected override render() {
    const sources = numbered(this.annotations);
    if (sources.length === 0) return nothing;
    return html`<button
        type="button"
        class="summary"
        part="sources-summary"
        aria-expanded=${this.isOpen ? "true" : "false"}
        @click=${() => (this.isOpen = !this.isOpen)}
      >
        <ck-icon name="book-open"></ck-icon>${this.t("sources.label")}
        <span>${this.texts.number(sources.length)}</span><ck-icon class="chevron" name="chevron-down"></ck-icon>
      </button>
      ${this.isOpen ? [...grouped(sources)].map(([group, members]) => this.renderGroup(group, members)) : nothing}`;
  }

  /** Opens the list and goes to the source of one of the annotations, whose mark in the text was chosen. */
  async reveal(annotation: Annotation): Promise<void> {
    const place = numbered(this.annotations).find(({ annotations }) => annotations.includes(annotation));
    this.isOpen = true;
    await this.updateComplete;
    const row = this.renderRoot.querySelector<HTMLElement>(`[data-number="${place?.number ?? 0}"]`);
    row?.focus(); // which scrolls to it too
  }

  private renderGroup(group: string, members: readonly Numbered[]) {
    return html`${group === "" ? nothing : html`<p class="group" aria-hidden="true"><bdi>${group}</bdi></p>`}
      <ol role="list" part="sources" aria-label=${group || this.t("sources.label")}>
        ${members.map((member) => html`<li>${this.renderSource(member)}</li>`)}
      </ol>`;
  }

  private renderSource({ source, number }: Numbered) {
    const url = source.type === "url" ? webUrl(source.url) : null;
    const words = this.renderWords(source, number, url);
    if (url !== null)
      return html`<a class="source" part="source" data-number=${number} href=${url.href} target="_blank" rel="noopener noreferrer nofollow"
        >${words}</a
      >`;
    if (source.type !== "entity" || source.interactive !== true)
      return html`<span class="source" part="source" data-number=${number} tabindex="-1">${words}</span>`;
    const entity = entityOfSource(source);
    const choose = () => this.emit<EntityChosen>("ck-entity", { entity });
    return html`<ck-preview .entity=${entity}
      ><button type="button" class="source" part="source" data-number=${number} @click=${choose}>${words}</button></ck-preview
    >`;
  }

  private renderWords(source: Source, number: number, url: URL | null) {
    const meta = this.metaOf(source, url);
    const description = text(source.description);
    return html`<span class="number">${this.texts.number(number)}</span>
      <span class="words">
        <bdi class="title">${nameOf(source)}</bdi>${url === null ? nothing : html`<span class="sr-only"> (${this.t("sources.newTab")})</span>`}
        ${meta === "" ? nothing : html`<span class="meta"><bdi>${meta}</bdi></span>`}
        ${description === "" ? nothing : html`<span class="description" dir="auto">${description}</span>`}
      </span>`;
  }

  /** What is known of it besides its title: who says it, where it is, when it was. */
  private metaOf(source: Source, url: URL | null): string {
    const name = text(source.title) === "" ? "" : text(source.filename);
    const where = url === null ? name || text(source.label) : url.hostname.replace(/^www\./, "");
    const facts = [text(source.attribution), where, this.dateOf(text(source.timestamp))];
    return [...new Set(facts)].filter((fact) => fact !== "" && fact !== source.title).join(" · ");
  }

  /** Applications write times as they like; what is no time is shown as it stands. */
  private dateOf(timestamp: string): string {
    const isTime = /^\d{4}-\d\d-\d\d/.test(timestamp) && !Number.isNaN(Date.parse(timestamp));
    if (!isTime) return timestamp;
    const isDay = timestamp.length === 10; // such a day is the same wherever one is
    return this.texts.date(new Date(timestamp), { dateStyle: "medium", ...(isDay && { timeZone: "UTC" }) });
  }
}

/** By group, groups in the order of their first members; those without a group first. */
function grouped(sources: readonly Numbered[]): ReadonlyMap<string, readonly Numbered[]> {
  const groups = new Map<string, Numbered[]>();
  if (sources.some(({ source }) => text(source.group) === "")) groups.set("", []);
  for (const member of sources) {
    const group = text(member.source.group);
    groups.set(group, [...(groups.get(group) ?? []), member]);
  }
  return groups;
}

define("ck-sources", SourcesElement);

declare global {
  interface HTMLElementTagNameMap {
    "ck-sources": SourcesElement;
  }
}
