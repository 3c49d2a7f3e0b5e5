import { css, html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { palette } from "../theme";
import { ChatElement, define } from "../ui/element";

interface Row {
  readonly number: number;
  readonly at: string;
  readonly type: string;
  readonly json: string;
}

const MOST = 500;

/** What the server sends, event by event, for those who build a server or a page. */
export class EventsPanel extends ChatElement {
  static override properties = { rows: { state: true }, filter: { state: true } };
  declare rows: readonly Row[];
  declare filter: string;
  #last = 0;

  constructor() {
    super();
    this.rows = [];
    this.filter = "";
    this.dataset.theme = document.documentElement.dataset.theme ?? "light";
  }

  static override styles = [
    palette,
    css`
      :host {
        background: var(--ck-surface-sunken);
        block-size: 100dvh;
        border-inline-start: 1px solid var(--ck-border);
        display: block;
        font-size: 0.8125rem;
        inline-size: min(26rem, 100vw);
        inset-block: 0;
        inset-inline-end: 0;
      }
      aside {
        block-size: 100%;
        display: flex;
        flex-direction: column;
      }
      header {
        align-items: center;
        display: flex;
        gap: calc(2 * var(--ck-space));
        padding: calc(2 * var(--ck-space)) calc(3 * var(--ck-space));
      }
      h2 {
        font-size: 1em;
        margin: 0;
      }
      input {
        background: var(--ck-surface);
        border: 1px solid var(--ck-border-field);
        border-radius: var(--ck-radius-sm);
        flex: 1;
        min-block-size: 2rem;
        min-inline-size: 0;
        padding-inline: calc(2 * var(--ck-space));
      }
      ol {
        flex: 1;
        list-style: none;
        overflow: auto;
        padding: 0 calc(3 * var(--ck-space)) calc(3 * var(--ck-space));
      }
      summary {
        cursor: pointer;
        min-block-size: 1.5rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      time {
        color: var(--ck-text-secondary);
        font-variant-numeric: tabular-nums;
      }
      pre {
        background: var(--ck-surface);
        border: 1px solid var(--ck-border);
        border-radius: var(--ck-radius-sm);
        font-family: var(--ck-font-mono);
        margin: var(--ck-space) 0 calc(2 * var(--ck-space));
        overflow: auto;
        padding: calc(2 * var(--ck-space));
        white-space: pre-wrap;
      }
    `,
  ];

  add(event: object): void {
    const { type = "?", update } = event as { type?: string; update?: { type?: string } };
    const row: Row = {
      number: ++this.#last,
      at: new Date().toISOString().slice(11, 23),
      type: update?.type ? `${type} · ${update.type}` : type,
      json: JSON.stringify(event, null, 2),
    };
    this.rows = [...this.rows.slice(-MOST + 1), row];
  }

  override render(): TemplateResult {
    const shown = this.rows.filter((row) => row.type.includes(this.filter));
    return html`<aside aria-label=${this.t("events.title")}>
      <header>
        <h2>${this.t("events.title")}</h2>
        <input
          type="search"
          aria-label=${this.t("events.filter")}
          placeholder=${this.t("events.filter")}
          @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
        />
        <button class="button" type="button" @click=${() => (this.rows = [])}>${this.t("events.clear")}</button>
      </header>
      <ol tabindex="0" aria-label=${this.t("events.title")}>
        ${repeat(shown, (row) => row.number, (row) => this.#row(row))}
      </ol>
    </aside>`;
  }

  #row(row: Row): TemplateResult {
    return html`<li>
      <details>
        <summary><time>${row.at}</time> ${row.number} ${row.type}</summary>
        <pre>${row.json}</pre>
      </details>
    </li>`;
  }
}

define("ck-events-panel", EventsPanel);
