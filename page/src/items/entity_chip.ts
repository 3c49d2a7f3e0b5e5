import { css, html, nothing } from "lit";
import { ChatElement, define } from "../ui/element";
import type { Entity, EntityChosen } from "./entity";
import "./preview";
import { text } from "./read";

/** `<ck-entity-chip .entity>`: a thing of the application that somebody mentions; a button where it can be chosen. */
export class EntityChip extends ChatElement {
  static override properties = { entity: { attribute: false } };
  static override styles = css`
    :host {
      display: inline;
      font-size: inherit;
      line-height: inherit;
    }
    .chip {
      align-items: baseline;
      background: var(--ck-info-soft);
      border: 0;
      border-radius: var(--ck-radius-sm);
      color: var(--ck-info);
      display: inline-flex;
      font-size: 0.95em;
      gap: calc(1 * var(--ck-space));
      line-height: 1.5;
      max-inline-size: 100%;
      min-block-size: 1.5rem;
      padding: 0 calc(1.5 * var(--ck-space));
      vertical-align: baseline;
    }
    ck-icon {
      align-self: center;
    }
    button.chip:hover {
      text-decoration: underline;
      text-underline-offset: 0.2em;
    }
    .name {
      overflow: hidden;
      text-align: start;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `;

  declare entity: Entity | null;

  constructor() {
    super();
    this.entity = null;
  }

  protected override render() {
    const { entity } = this;
    const name = text(entity?.title) || text(entity?.id);
    if (entity === null || name === "") return nothing;
    const icon = text(entity.icon);
    const label = html`${icon === "" ? nothing : html`<ck-icon .name=${icon}></ck-icon>`}<bdi class="name">${name}</bdi>`;
    if (entity.interactive !== true) return html`<span class="chip" part="entity">${label}</span>`;
    return html`<ck-preview .entity=${entity}
      ><button type="button" class="chip" part="entity" @click=${() => this.choose(entity)}>${label}</button></ck-preview
    >`;
  }

  private choose(entity: Entity): void {
    this.emit<EntityChosen>("ck-entity", { entity });
  }
}

define("ck-entity-chip", EntityChip);

declare global {
  interface HTMLElementTagNameMap {
    "ck-entity-chip": EntityChip;
  }
}
