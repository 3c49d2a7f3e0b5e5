import { css } from "lit";

/** Buttons, and the measures they share with fields: a row of controls of one size stands on one line. */
export const buttons = css`
  .btn,
  .field {
    --height: 2rem;
    --font: 0.875rem;
    --round: var(--ck-radius-md);
  }
  [data-size="3xs"] {
    --height: 1.5rem;
    --font: 0.75rem;
    --round: var(--ck-radius-sm);
  }
  [data-size="2xs"] {
    --height: 1.5rem;
    --font: 0.8125rem;
    --round: var(--ck-radius-sm);
  }
  [data-size="xs"] {
    --height: 1.625rem;
    --font: 0.8125rem;
    --round: var(--ck-radius-sm);
  }
  [data-size="sm"] {
    --height: 1.75rem;
    --font: 0.875rem;
    --round: var(--ck-radius-sm);
  }
  .btn[data-size="lg"],
  .field[data-size="lg"] {
    --height: 2.25rem;
  }
  .btn[data-size="xl"],
  .field[data-size="xl"] {
    --font: 0.9375rem;
    --height: 2.5rem;
  }
  .btn[data-size="2xl"],
  .field[data-size="2xl"] {
    --font: 1rem;
    --height: 2.75rem;
  }
  .btn[data-size="3xl"],
  .field[data-size="3xl"] {
    --font: 1rem;
    --height: 3rem;
  }

  :where(.btn) {
    --tone: var(--ck-text);
    --on-tone: var(--ck-surface);
    --soft: var(--ck-hover);
  }
  .btn {
    align-items: center;
    align-self: start;
    background: var(--soft);
    border: 1px solid transparent;
    border-radius: var(--round);
    color: var(--tone);
    display: inline-flex;
    flex: none;
    font-size: var(--font);
    font-weight: 500;
    justify-content: center;
    line-height: 1.25;
    max-inline-size: 100%;
    min-block-size: var(--height);
    padding: 0.25em 0.875em;
    position: relative;
    transition:
      background-color 120ms,
      filter 120ms;
  }
  .row > .btn,
  .card-buttons > .btn {
    align-self: center;
  }
  .btn[data-color="primary"] {
    --on-tone: var(--ck-on-accent);
    --tone: var(--ck-accent);
  }
  .btn[data-variant="solid"] {
    background: var(--tone);
    color: var(--on-tone);
  }
  .btn[data-variant="solid"][data-color="secondary"] {
    background: var(--ck-border);
    color: var(--ck-text);
  }
  .btn[data-variant="outline"] {
    background: none;
    border-color: var(--ck-border-strong);
  }
  .btn[data-variant="outline"]:not([data-color="secondary"], [data-color="primary"]) {
    border-color: currentColor;
  }
  .btn[data-variant="ghost"] {
    background: none;
  }
  .btn:is([data-variant="outline"], [data-variant="ghost"], [data-variant="soft"]):hover:not(:disabled, [aria-disabled]) {
    background: color-mix(in srgb, var(--tone) 10%, var(--soft));
  }
  .btn[data-variant="solid"]:hover:not(:disabled, [aria-disabled]) {
    background: color-mix(in srgb, var(--tone) 88%, var(--on-tone));
  }
  .btn[data-variant="solid"][data-color="secondary"]:hover:not(:disabled, [aria-disabled]) {
    background: var(--ck-border-strong);
  }
  .btn[aria-disabled] {
    cursor: default;
  }
  .btn[data-pill] {
    border-radius: var(--ck-radius-full);
  }
  .btn[data-uniform] {
    inline-size: var(--height);
    padding: 0;
  }
  .btn[data-block] {
    align-self: stretch;
    inline-size: 100%;
  }
  .row > .btn[data-block] {
    flex: 1 1 0;
  }
  .btn-content {
    align-items: center;
    display: inline-flex;
    gap: 0.5em;
    justify-content: center;
    max-inline-size: 100%;
  }
  .btn ck-icon {
    font-size: 1.125em;
  }
  .btn[data-icon-size="sm"] ck-icon {
    font-size: 0.875rem;
  }
  .btn[data-icon-size="md"] ck-icon {
    font-size: 1rem;
  }
  .btn[data-icon-size="lg"] ck-icon {
    font-size: 1.125rem;
  }
  .btn[data-icon-size="xl"] ck-icon {
    font-size: 1.25rem;
  }
  .btn[data-icon-size="2xl"] ck-icon {
    font-size: 1.5rem;
  }
  .btn[aria-busy] > .btn-content {
    opacity: 0;
  }
  .spinner {
    animation: turn 0.9s linear infinite;
    color: inherit;
    display: inline-flex;
    flex: none;
  }
  .btn > .spinner {
    inset: calc(50% - 0.5625em) auto auto calc(50% - 0.5625em);
    position: absolute;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
`;
