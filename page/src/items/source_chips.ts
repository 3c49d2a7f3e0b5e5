import { css, html, nothing } from "lit";
import type { Source } from "../protocol";
import { ChatElement, define } from "../ui/element";
import { nameOf } from "./numbered";
import { text, webUrl } from "./read";

/** As many are shown at first; a search may have found fifty. */
const SHOWN = 8;

/** `<ck-source-chips .sources>`: the sources of a task in a row. No picture is loaded from where they point. */
export class SourceChips extends ChatElement {
  static override properties = { sources: { attribute: false }, isWhole: { state: true } };
  static override styles = css`
    :host {
      display: block;
      font-size: inherit;
    }
    ul {
      display: flex;
      flex-wrap: wrap;
      gap: calc(1.5 * var(--ck-space));
      list-style: none;
      padding: 0;
    }
    li {
      max-inline-size: 100%;
    }
    .chip {
      align-items: center;
      background: var(--ck-surface-sunken);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-full);
      color: var(--ck-text-secondary);
      display: flex;
      font-size: 0.9em;
      gap: calc(1.5 * var(--ck-space));
      max-inline-size: 18rem;
      min-block-size: 1.75rem;
      padding: 0 calc(2.5 * var(--ck-space));
      text-decoration: none;
    }
    a.chip:hover,
    button.chip:hover {
      background: var(--ck-hover);
      color: var(--ck-text);
    }
    .name {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `;

  declare sources: readonly Source[];
  declare private isWhole: boolean;

  constructor() {
    super();
    this.sources = [];
    this.isWhole = false;
  }

  protected override render() {
    const shown = this.isWhole ? this.sources : this.sources.slice(0, SHOWN);
    const rest = this.sources.length - shown.length;
    return html`<ul role="list">
      ${shown.map((source) => html`<li>${this.renderChip(source)}</li>`)}
      ${rest > 0 ? html`<li>${this.renderMore(rest)}</li>` : nothing}
    </ul>`;
  }

  private renderChip(source: Source) {
    const url = source.type === "url" ? webUrl(source.url) : null;
    const name = nameOf(source);
    if (name === "") return nothing;
    const label = html`<ck-icon .name=${chipIcon(source)}></ck-icon><bdi class="name">${name}</bdi>`;
    if (url === null) return html`<span class="chip" part="source-chip" title=${name}>${label}</span>`;
    return html`<a class="chip" part="source-chip" href=${url.href} title=${url.hostname} target="_blank" rel="noopener noreferrer nofollow"
      >${label}<span class="sr-only">(${this.t("sources.newTab")})</span></a
    >`;
  }

  private renderMore(rest: number) {
    const label = this.t("work.more", { count: this.texts.number(rest) });
    return html`<button type="button" class="chip" @click=${() => (this.isWhole = true)}>${label}</button>`;
  }
}

function chipIcon(source: Source): string {
  if (source.type === "url") return "globe";
  return source.type === "file" ? "document" : text(source.icon) || "cube";
}

define("ck-source-chips", SourceChips);

declare global {
  interface HTMLElementTagNameMap {
    "ck-source-chips": SourceChips;
  }
}
