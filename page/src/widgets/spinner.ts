import { html } from "lit";
import "../icons/icon";

/** Turns in a control whose action runs; what it means is said by `aria-busy`. */
export const SPINNER = html`<span class="spinner" part="spinner"><ck-icon name="loading"></ck-icon></span>`;
