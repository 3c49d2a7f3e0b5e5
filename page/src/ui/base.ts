import { css } from "lit";

/** The style that all components begin with. Colours and measures come from the theme's properties alone. */
export const base = css`
  :host {
    box-sizing: border-box;
    color: var(--ck-text);
    font-family: var(--ck-font);
    font-size: var(--ck-size);
    line-height: 1.5;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button,
  input,
  select,
  textarea {
    color: inherit;
    font: inherit;
    margin: 0;
  }
  button {
    cursor: pointer;
  }
  button:disabled {
    cursor: default;
    opacity: 0.55;
  }
  p,
  ul,
  ol {
    margin: 0;
  }
  a {
    color: var(--ck-link);
  }
  :focus-visible {
    outline: 2px solid var(--ck-focus);
    outline-offset: 2px;
  }
  .icon-button {
    align-items: center;
    background: none;
    border: 0;
    border-radius: var(--ck-radius-md);
    color: var(--ck-text-secondary);
    display: inline-flex;
    block-size: 2rem;
    inline-size: 2rem;
    justify-content: center;
    padding: 0;
  }
  .icon-button:hover:not(:disabled) {
    background: var(--ck-hover);
    color: var(--ck-text);
  }
  .button {
    align-items: center;
    background: var(--ck-surface-raised);
    border: 1px solid var(--ck-border-strong);
    border-radius: var(--ck-radius-md);
    display: inline-flex;
    gap: calc(1.5 * var(--ck-space));
    justify-content: center;
    min-block-size: 2rem;
    padding: calc(1 * var(--ck-space)) calc(3 * var(--ck-space));
  }
  .button:hover:not(:disabled, .primary, .danger) {
    background: var(--ck-hover);
  }
  .button:is(.primary, .danger):hover:not(:disabled) {
    filter: brightness(1.12);
  }
  .button.primary {
    background: var(--ck-accent);
    border-color: transparent;
    color: var(--ck-on-accent);
  }
  .button.danger {
    background: var(--ck-danger);
    border-color: transparent;
    color: var(--ck-on-danger);
  }
  .sr-only {
    block-size: 1px;
    clip-path: inset(50%);
    inline-size: 1px;
    overflow: hidden;
    position: absolute;
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      scroll-behavior: auto !important;
      transition-duration: 0.01ms !important;
    }
  }
`;
