import { css } from "lit";

/** Texts, badges, icons, pictures, tables and charts. */
export const parts = css`
  .text,
  .title,
  .caption {
    margin: 0;
    text-align: match-parent;
    /* each text runs in its own direction, and stands at the side of the chat's */
    unicode-bidi: plaintext;
    white-space: pre-wrap;
  }
  .truncate {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .clamped {
    -webkit-box-orient: vertical;
    display: -webkit-box;
    overflow: hidden;
  }
  .text[data-size="xs"] {
    font-size: 0.75em;
  }
  .text[data-size="sm"] {
    font-size: 0.875em;
  }
  .text[data-size="md"] {
    font-size: 1em;
  }
  .text[data-size="lg"] {
    font-size: 1.125em;
  }
  .text[data-size="xl"] {
    font-size: 1.25em;
  }
  .text[data-streaming]::after {
    animation: blink 1s steps(2) infinite;
    background: currentColor;
    block-size: 1em;
    content: "";
    display: inline-block;
    inline-size: 2px;
    margin-inline-start: 2px;
    vertical-align: -0.125em;
  }
  @keyframes blink {
    to {
      opacity: 0;
    }
  }
  .title {
    font-weight: 600;
    letter-spacing: -0.01em;
    line-height: 1.25;
  }
  .title[data-size="sm"] {
    font-size: 1em;
  }
  .title[data-size="md"] {
    font-size: 1.125em;
  }
  .title[data-size="lg"] {
    font-size: 1.25em;
  }
  .title[data-size="xl"] {
    font-size: 1.5em;
  }
  .title[data-size="2xl"] {
    font-size: 1.875em;
  }
  .title[data-size="3xl"] {
    font-size: 2.25em;
  }
  .title[data-size="4xl"] {
    font-size: 3em;
    letter-spacing: -0.02em;
  }
  .title[data-size="5xl"] {
    font-size: 3.75em;
    letter-spacing: -0.025em;
  }
  .caption {
    color: var(--ck-text-secondary);
    line-height: 1.4;
  }
  .caption[data-size="sm"] {
    font-size: 0.75em;
  }
  .caption[data-size="md"] {
    font-size: 0.8125em;
  }
  .caption[data-size="lg"] {
    font-size: 0.875em;
  }

  .badge {
    --tone: var(--ck-text-secondary);
    --on-tone: var(--ck-surface);
    --soft: var(--ck-hover);
    align-self: start;
    background: var(--soft);
    border: 1px solid transparent;
    border-radius: var(--ck-radius-sm);
    color: var(--tone);
    display: inline-block;
    flex: none;
    font-weight: 500;
    inline-size: fit-content;
    line-height: 1.4;
    max-inline-size: 100%;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  :is(.row, .row-content) > .badge {
    align-self: center;
  }
  .badge[data-size="sm"] {
    font-size: 0.75em;
    padding: 1px 6px;
  }
  .badge[data-size="md"] {
    font-size: 0.8125em;
    padding: 2px 8px;
  }
  .badge[data-size="lg"] {
    font-size: 0.875em;
    padding: 3px 10px;
  }
  .badge[data-pill] {
    border-radius: var(--ck-radius-full);
  }
  .badge[data-variant="solid"] {
    background: var(--tone);
    color: var(--on-tone);
  }
  .badge[data-variant="outline"] {
    background: none;
    border-color: currentColor;
  }
  [data-color="success"] {
    --tone: var(--ck-success);
    --on-tone: var(--ck-on-success);
    --soft: var(--ck-success-soft);
  }
  [data-color="danger"] {
    --tone: var(--ck-danger);
    --on-tone: var(--ck-on-danger);
    --soft: var(--ck-danger-soft);
  }
  [data-color="warning"] {
    --tone: var(--ck-warning);
    --on-tone: var(--ck-on-warning);
    --soft: var(--ck-warning-soft);
  }
  [data-color="info"] {
    --tone: var(--ck-info);
    --on-tone: var(--ck-on-info);
    --soft: var(--ck-info-soft);
  }
  [data-color="discovery"] {
    --tone: var(--ck-discovery);
    --on-tone: var(--ck-on-discovery);
    --soft: var(--ck-discovery-soft);
  }
  [data-color="caution"] {
    --tone: var(--ck-caution);
    --on-tone: var(--ck-on-caution);
    --soft: var(--ck-caution-soft);
  }

  .icon[data-size="xs"] {
    font-size: 0.75rem;
  }
  .icon[data-size="sm"] {
    font-size: 0.875rem;
  }
  .icon[data-size="md"] {
    font-size: 1rem;
  }
  .icon[data-size="lg"] {
    font-size: 1.25rem;
  }
  .icon[data-size="xl"] {
    font-size: 1.5rem;
  }
  .icon[data-size="2xl"] {
    font-size: 2rem;
  }
  .icon[data-size="3xl"] {
    font-size: 2.5rem;
  }

  .image {
    border-radius: var(--ck-radius-md);
    display: block;
    flex: none;
    max-inline-size: 100%;
    object-fit: cover;
  }
  .image[data-frame] {
    border: 1px solid var(--ck-border);
  }
  .image[data-flush] {
    border-radius: 0;
    inline-size: calc(100% + 2 * var(--edge));
    margin-inline: calc(-1 * var(--edge));
    max-inline-size: none;
  }
  .image[data-flush]:first-child {
    margin-block-start: calc(-1 * var(--edge-block));
  }
  .image[data-flush]:last-child {
    margin-block-end: calc(-1 * var(--edge-block));
  }

  .table-frame {
    max-inline-size: 100%;
    overflow-x: auto;
  }
  .table {
    border-collapse: collapse;
    font-size: 0.9375em;
    inline-size: 100%;
  }
  .table :is(th, td) {
    border-block-end: 1px solid var(--ck-border);
    font-weight: inherit;
    overflow-wrap: normal;
    padding: calc(1.5 * var(--ck-space)) calc(2 * var(--ck-space));
    text-align: start;
    vertical-align: middle;
  }
  .table th {
    color: var(--ck-text-secondary);
    font-weight: 500;
  }
  .table tbody tr:last-child :is(th, td) {
    border-block-end: 0;
  }
  .table :is(th, td) > :is(p, h3) {
    text-align: inherit;
  }

  .chart {
    block-size: 15rem;
    inline-size: 100%;
    margin: 0;
    max-inline-size: 100%;
    min-inline-size: 0;
    position: relative;
  }
`;
