import { css } from "lit";

export const styles = css`
  :host {
    display: block;
    overflow-wrap: break-word;
  }
  .block {
    text-align: start;
    unicode-bidi: plaintext;
  }
  .block:empty {
    display: none;
  }
  p,
  ul,
  ol,
  h3,
  h4,
  h5,
  h6,
  blockquote,
  hr,
  .table,
  .note,
  ck-code-block,
  ck-maths[display] {
    margin-block: calc(3 * var(--ck-space)) 0;
  }
  /* By their names: the browser looks for neighbours of whatever may be meant, and lines have thousands of nodes. */
  :is(.block:first-child, li, blockquote, .note > div)
    > :is(p, ul, ol, h3, h4, h5, h6, blockquote, hr, .table, .note, ck-code-block, ck-maths[display]):first-child {
    margin-block-start: 0;
  }
  p,
  li,
  td,
  th {
    unicode-bidi: plaintext;
  }
  h3,
  h4,
  h5,
  h6 {
    font-weight: 600;
    line-height: 1.3;
    margin-block-start: calc(5 * var(--ck-space));
    text-wrap: balance;
  }
  h3 {
    font-size: 1.4em;
  }
  h4 {
    font-size: 1.2em;
  }
  h5 {
    font-size: 1.05em;
  }
  h6 {
    font-size: 1em;
  }
  strong {
    font-weight: 600;
  }
  ul,
  ol {
    padding-inline-start: calc(6 * var(--ck-space));
  }
  li {
    padding-inline-start: calc(0.5 * var(--ck-space));
  }
  li + li,
  li > ul,
  li > ol {
    margin-block-start: calc(1 * var(--ck-space));
  }
  li > p + p {
    margin-block-start: calc(2 * var(--ck-space));
  }
  li::marker {
    color: var(--ck-text-secondary);
  }
  li.task {
    list-style: none;
  }
  li.task > input {
    accent-color: var(--ck-accent);
    margin-inline: calc(-5 * var(--ck-space)) calc(1.5 * var(--ck-space));
    vertical-align: -0.1em;
  }
  li.task > input + p {
    display: inline;
  }
  blockquote {
    border-inline-start: 3px solid var(--ck-border-strong);
    color: var(--ck-text-secondary);
    margin-inline: 0;
    padding-inline-start: calc(3.5 * var(--ck-space));
  }
  hr {
    background: var(--ck-border);
    block-size: 1px;
    border: 0;
    margin-block: calc(5 * var(--ck-space)) calc(2 * var(--ck-space));
  }
  a {
    text-decoration: underline;
    text-decoration-thickness: 1px;
    text-underline-offset: 0.18em;
  }
  a:hover {
    text-decoration-thickness: 2px;
  }
  code,
  kbd {
    background: var(--ck-surface-sunken);
    border-radius: var(--ck-radius-sm);
    direction: ltr;
    font-family: var(--ck-font-mono);
    font-size: 0.875em;
    padding: 0.15em 0.35em;
    unicode-bidi: isolate;
    white-space: break-spaces;
  }
  kbd {
    border: 1px solid var(--ck-border-strong);
    border-block-end-width: 2px;
  }
  a code {
    color: inherit;
  }
  mark {
    background: var(--ck-warning-soft);
    border-radius: var(--ck-radius-sm);
    color: var(--ck-warning);
    padding-inline: 0.15em;
  }
  sub,
  sup {
    font-size: 0.75em;
    line-height: 0;
  }
  img {
    block-size: auto;
    border-radius: var(--ck-radius-md);
    max-block-size: 32rem;
    max-inline-size: 100%;
    vertical-align: middle;
  }
  .table {
    border: 1px solid var(--ck-border);
    border-radius: var(--ck-radius-lg);
    inline-size: fit-content;
    max-inline-size: 100%;
    overflow-x: auto;
  }
  .table:focus-visible {
    outline-offset: 0;
  }
  table {
    border-collapse: collapse;
    font-size: 0.95em;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    border-block-end: 1px solid var(--ck-border);
    max-inline-size: 24rem;
    min-inline-size: 3rem;
    overflow-wrap: normal;
    padding: calc(1.5 * var(--ck-space)) calc(3 * var(--ck-space));
    text-align: start;
    vertical-align: top;
  }
  th {
    background: var(--ck-surface-sunken);
    font-weight: 600;
  }
  tbody tr:last-child td {
    border-block-end: 0;
  }
  .left {
    text-align: left;
  }
  .center {
    text-align: center;
  }
  .right {
    text-align: right;
  }
  .citation,
  .note-mark {
    border-radius: var(--ck-radius-full);
    font-size: 0.95em;
    font-variant-numeric: tabular-nums;
    line-height: 1;
    position: relative;
    text-indent: 0;
  }
  .citation {
    background: var(--ck-surface-sunken);
    border: 1px solid var(--ck-border);
    color: var(--ck-text-secondary);
    margin-inline-start: 0.25em;
    min-inline-size: 1.7em;
    padding: 0.28em 0.4em;
  }
  .note-mark {
    background: none;
    border: 0;
    color: var(--ck-link);
    padding: 0 0.1em;
    text-decoration: underline;
    text-underline-offset: 0.18em;
  }
  .citation::after,
  .note-mark::after {
    block-size: 24px;
    content: "";
    inline-size: max(24px, 100%);
    inset-block-start: 50%;
    inset-inline-start: 50%;
    position: absolute;
    transform: translate(-50%, -50%);
  }
  .block:dir(rtl) :is(.citation, .note-mark)::after {
    transform: translate(50%, -50%);
  }
  .citation:hover,
  .note-mark:hover {
    background: var(--ck-hover);
    color: var(--ck-text);
  }
  .note {
    border-block-start: 1px solid var(--ck-border);
    color: var(--ck-text-secondary);
    display: flex;
    font-size: 0.9em;
    gap: calc(2 * var(--ck-space));
    padding-block-start: calc(2 * var(--ck-space));
  }
  .note + .note {
    border-block-start: 0;
    margin-block-start: 0;
  }
  .note > .note-mark {
    align-self: start;
    flex: none;
    line-height: inherit;
    min-inline-size: 1.5em;
  }
`;
