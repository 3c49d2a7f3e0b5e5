import { css } from "lit";

export const chatStyles = css`
  :host {
    block-size: 100%;
    display: block;
  }
  .chat {
    block-size: 100%;
    display: flex;
    flex-direction: column;
  }
  .body {
    display: flex;
    flex: 1;
    min-block-size: 0;
    position: relative;
  }
  .main {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-inline-size: 0;
  }
  ck-thread,
  ck-start {
    flex: 1;
    min-block-size: 0;
  }
  ck-start {
    overflow-y: auto;
  }
  ck-history {
    inset: 0;
    position: absolute;
    z-index: 4;
  }
  .bottom {
    inline-size: 100%;
    margin-inline: auto;
    max-inline-size: 46rem;
    padding: 0 calc(3 * var(--ck-space)) calc(3 * var(--ck-space));
  }
  .disclaimer {
    color: var(--ck-text-tertiary);
    font-size: 0.75em;
    margin-block-start: calc(2 * var(--ck-space));
    text-align: center;
  }
  .disclaimer.high {
    color: var(--ck-text);
  }
  .problem {
    align-items: center;
    color: var(--ck-text-secondary);
    display: flex;
    flex: 1;
    flex-direction: column;
    gap: calc(4 * var(--ck-space));
    justify-content: center;
    padding: calc(6 * var(--ck-space));
    text-align: center;
  }
`;
