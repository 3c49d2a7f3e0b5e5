import { css } from "lit";
import { palette } from "./theme";

export const elementStyles = [
  palette,
  css`
    :host {
      background: var(--ck-surface);
      block-size: 100%;
      display: block;
      inline-size: 100%;
      min-block-size: 16rem;
      overflow: hidden;
    }
  `,
];
