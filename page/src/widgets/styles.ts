import { css } from "lit";
import { buttons } from "./buttons_styles";
import { fields } from "./fields_styles";
import { parts } from "./parts_styles";

const frames = css`
  :host {
    display: block;
  }
  /* the palette, put on for a theme of its own, knows nothing of the type of the chat around */
  :host([data-theme]) {
    --ck-font: inherit;
    --ck-font-mono: inherit;
    --ck-size: inherit;
  }
  .root {
    --edge: 0px;
    --edge-block: 0px;
    overflow-wrap: anywhere;
    transition: opacity 150ms;
  }
  .root[data-busy],
  .form[data-busy] {
    opacity: 0.5;
  }
  .card,
  .list {
    background-color: var(--ck-surface-raised);
    border: 1px solid var(--ck-border);
    border-radius: var(--ck-radius-lg);
    max-inline-size: 100%;
    overflow: clip;
  }
  .list {
    inline-size: 35rem;
  }
  .card[data-size="sm"] {
    inline-size: 22.5rem;
  }
  .card[data-size="md"] {
    inline-size: 27.5rem;
  }
  .card[data-size="lg"] {
    inline-size: 35rem;
  }
  .card[data-size="full"] {
    inline-size: 100%;
  }
  .card-body {
    --edge: calc(4 * var(--ck-space));
    --edge-block: calc(4 * var(--ck-space));
    display: flex;
    flex-direction: column;
    gap: calc(3 * var(--ck-space));
    padding: calc(4 * var(--ck-space));
  }
  .status {
    align-items: center;
    border-block-end: 1px solid var(--ck-border);
    color: var(--ck-text-secondary);
    display: flex;
    font-size: 0.875em;
    font-weight: 500;
    gap: calc(2 * var(--ck-space));
    min-block-size: calc(10 * var(--ck-space));
    padding: calc(1.5 * var(--ck-space)) calc(4 * var(--ck-space));
  }
  .status:last-child {
    border-block-end: 0;
  }
  .status-text {
    flex: 1;
    min-inline-size: 0;
  }
  .favicon {
    block-size: 1.25em;
    border-radius: 3px;
    flex: none;
    inline-size: 1.25em;
    object-fit: contain;
  }
  .favicon[data-frame] {
    border: 1px solid var(--ck-border);
    padding: 1px;
  }
  .unfold {
    align-items: center;
    background: none;
    border: 0;
    border-radius: var(--ck-radius-sm);
    display: inline-flex;
    flex: 1;
    gap: calc(2 * var(--ck-space));
    justify-content: flex-end;
    min-block-size: 1.75rem;
    min-inline-size: 1.75rem;
    padding: 0 var(--ck-space);
    text-align: start;
  }
  .status-text + .unfold {
    flex: none;
  }
  .unfold:hover {
    background: var(--ck-hover);
  }
  .unfold-title {
    flex: 1;
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .status-text + .unfold .unfold-title {
    display: none;
  }
  .card-buttons {
    display: flex;
    flex-wrap: wrap;
    gap: calc(2 * var(--ck-space));
    justify-content: flex-end;
    padding: 0 calc(4 * var(--ck-space)) calc(4 * var(--ck-space));
  }
  .rows {
    list-style: none;
    padding: calc(1.5 * var(--ck-space));
  }
  .row-item {
    align-items: center;
    border-radius: var(--ck-radius-md);
    display: flex;
    gap: calc(2 * var(--ck-space));
    padding: calc(2 * var(--ck-space)) calc(2.5 * var(--ck-space));
    position: relative;
  }
  .row-item:not([data-plain]):hover {
    background: var(--ck-hover);
  }
  .row-item[data-pending] > .row-content {
    opacity: 0.5;
  }
  .row-button {
    background: none;
    border: 0;
    border-radius: inherit;
    inset: 0;
    position: absolute;
  }
  .row-button:focus-visible {
    outline-offset: -2px;
  }
  .box.row-content {
    --gap: calc(3 * var(--ck-space));
    align-items: center;
    flex: 1;
    flex-direction: row;
    pointer-events: none;
    position: relative;
  }
  .row-item[data-plain] > .row-content,
  .row-content :is(button, a, input, select, textarea, label, ck-markdown, summary) {
    pointer-events: auto;
  }
  .more {
    background: none;
    border: 0;
    border-block-start: 1px solid var(--ck-border);
    color: var(--ck-text-secondary);
    font-size: 0.875em;
    font-weight: 500;
    inline-size: 100%;
    min-block-size: calc(10 * var(--ck-space));
  }
  .more:hover {
    background: var(--ck-hover);
    color: var(--ck-text);
  }
  .more:focus-visible {
    outline-offset: -2px;
  }

  .box,
  .transition {
    display: flex;
    flex-direction: column;
    max-inline-size: 100%;
    min-inline-size: 0;
  }
  .box {
    --gap: calc(2 * var(--ck-space));
    gap: var(--gap);
  }
  .row {
    align-items: center;
    flex-direction: row;
  }
  .form {
    --gap: calc(2.5 * var(--ck-space));
  }
  :host([data-theme]) .basic {
    background-color: var(--ck-surface);
    border-radius: var(--ck-radius-lg);
    padding: calc(3 * var(--ck-space));
  }
  .basic {
    --gap: calc(3 * var(--ck-space));
  }
  .box > *,
  .card-body > * {
    min-inline-size: 0;
  }
  .spacer {
    flex: 1 1 0;
  }
  .divider {
    align-self: stretch;
    background: var(--line, var(--ck-border));
    block-size: var(--thickness, 1px);
    border: 0;
    flex: none;
    margin: var(--spacing, 0px) 0;
  }
  .row > .divider {
    block-size: auto;
    inline-size: var(--thickness, 1px);
    margin: 0 var(--spacing, 0px);
  }
  .divider[data-flush] {
    margin-inline: calc(-1 * var(--edge));
  }
  .row > .divider[data-flush] {
    margin-block: calc(-1 * var(--edge-block));
    margin-inline: var(--spacing, 0px);
  }
`;

export const styles = [frames, parts, buttons, fields];
