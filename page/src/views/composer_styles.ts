import { css } from "lit";

export const composerStyles = css`
  :host {
    display: block;
  }
  .frame {
    background: var(--ck-surface-raised);
    border: 1px solid var(--ck-border-field);
    border-radius: var(--ck-radius-xl);
    box-shadow: 0 1px 3px oklch(0 0 0 / 0.06);
    padding: calc(3 * var(--ck-space));
    padding-block-end: calc(2 * var(--ck-space));
    position: relative;
  }
  .frame:focus-within {
    border-color: var(--ck-text-tertiary);
  }
  .frame.over {
    outline: 2px dashed var(--ck-focus);
    outline-offset: -4px;
  }
  .over-text {
    align-items: center;
    background: var(--ck-surface-raised);
    border-radius: inherit;
    display: flex;
    inset: 0;
    justify-content: center;
    opacity: 0.95;
    position: absolute;
    z-index: 2;
  }
  ck-composer-text {
    padding-inline: calc(1.5 * var(--ck-space));
  }
  .quote {
    align-items: start;
    border-inline-start: 3px solid var(--ck-border-strong);
    color: var(--ck-text-secondary);
    display: flex;
    font-size: 0.875em;
    gap: calc(2 * var(--ck-space));
    margin-block-end: calc(2 * var(--ck-space));
    padding-inline-start: calc(2 * var(--ck-space));
  }
  .quote p {
    display: -webkit-box;
    flex: 1;
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
  }
  .problems {
    color: var(--ck-danger);
    font-size: 0.875em;
    list-style: none;
    padding: 0 calc(1.5 * var(--ck-space)) calc(2 * var(--ck-space));
  }
  .note {
    color: var(--ck-text-secondary);
    font-size: 0.875em;
    padding: calc(1.5 * var(--ck-space));
    text-align: center;
  }
`;
