import { css } from "lit";

export const threadStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
    position: relative;
  }
  .scroller {
    flex: 1;
    min-block-size: 0;
    outline-offset: -2px;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable both-edges;
  }
  .column {
    display: flex;
    flex-direction: column;
    gap: calc(8 * var(--ck-space));
    inline-size: 100%;
    margin-inline: auto;
    max-inline-size: 46rem;
    min-block-size: 100%;
    padding: calc(4 * var(--ck-space));
  }
  .older {
    align-self: center;
  }
  .turn {
    contain-intrinsic-size: auto 20rem;
    content-visibility: auto;
    display: flex;
    flex-direction: column;
    gap: calc(4 * var(--ck-space));
    scroll-margin-block-start: calc(3 * var(--ck-space));
  }
  .last {
    content-visibility: visible;
  }
  /* with the margin above and the column's padding below, it is all that is seen */
  .tall {
    min-block-size: calc(100cqb - 7 * var(--ck-space));
  }
  .scroller {
    container-type: size;
  }
  .thinking {
    min-block-size: 1.5em;
  }
  .dot {
    animation: breathe 1.2s ease-in-out infinite;
    background: var(--ck-text-secondary);
    block-size: 0.75em;
    border-radius: 50%;
    display: inline-block;
    inline-size: 0.75em;
  }
  .progress {
    align-items: center;
    color: var(--ck-text-secondary);
    display: flex;
    gap: calc(2 * var(--ck-space));
  }
  .shimmer {
    animation: breathe 1.8s ease-in-out infinite;
  }
  .notice {
    align-items: start;
    background: var(--ck-info-soft);
    border-radius: var(--ck-radius-md);
    color: var(--ck-info);
    display: flex;
    gap: calc(2.5 * var(--ck-space));
    overflow-wrap: anywhere;
    padding: calc(2.5 * var(--ck-space)) calc(3.5 * var(--ck-space));
  }
  .notice > ck-icon {
    flex: none;
    margin-block-start: 0.2em;
  }
  .notice > div {
    flex: 1;
    min-inline-size: 0;
  }
  .notice strong {
    display: block;
  }
  .notice .button {
    flex: none;
  }
  .notice.warning {
    background: var(--ck-warning-soft);
    color: var(--ck-warning);
  }
  .notice.danger {
    background: var(--ck-danger-soft);
    color: var(--ck-danger);
  }
  .notice ck-markdown {
    color: inherit;
  }
  .to-end {
    background: var(--ck-surface-raised);
    border: 1px solid var(--ck-border);
    border-radius: var(--ck-radius-full);
    box-shadow: var(--ck-shadow);
    inset-block-end: calc(3 * var(--ck-space));
    inset-inline-start: calc(50% - 1rem);
    position: absolute;
  }
  @keyframes breathe {
    50% {
      opacity: 0.35;
    }
  }
`;
