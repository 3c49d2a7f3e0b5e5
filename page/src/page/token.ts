import { css, html, nothing, type TemplateResult } from "lit";
import { palette } from "../theme";
import { ChatElement, define } from "../ui/element";

const TOKEN = "chatkit-token";

/** Asks the user for an access token. */
export class TokenDialog extends ChatElement {
  static override properties = { wasRefused: { type: Boolean } };
  declare wasRefused: boolean;
  #answer: (token: string | null) => void = () => undefined;

  constructor() {
    super();
    this.wasRefused = false;
  }

  static override styles = [
    palette,
    css`
      dialog {
        background: var(--ck-surface-raised);
        border: 1px solid var(--ck-border);
        border-radius: var(--ck-radius-lg);
        color: var(--ck-text);
        inline-size: min(26rem, calc(100vw - 2rem));
        padding: calc(6 * var(--ck-space));
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.4);
      }
      h2 {
        font-size: 1.125em;
        margin: 0 0 calc(2 * var(--ck-space));
      }
      label {
        display: block;
        margin-block: calc(4 * var(--ck-space));
      }
      input {
        background: var(--ck-surface);
        border: 1px solid var(--ck-border-field);
        border-radius: var(--ck-radius-md);
        display: block;
        inline-size: 100%;
        min-block-size: 2.5rem;
        padding-inline: calc(3 * var(--ck-space));
      }
      .error {
        color: var(--ck-danger);
      }
    `,
  ];

  async ask(wasRefused: boolean): Promise<string | null> {
    this.wasRefused = wasRefused;
    this.dataset.theme = document.documentElement.dataset.theme ?? "light";
    await this.updateComplete;
    this.#dialog.showModal();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${this.#closed}>
      <form method="dialog">
        <h2 id="title">${this.t("token.title")}</h2>
        <p>${this.t("token.why")}</p>
        ${this.wasRefused ? html`<p class="error" role="alert">${this.t("token.refused")}</p>` : nothing}
        <label>${this.t("token.label")} <input name="token" type="password" autocomplete="off" required /></label>
        <button class="button primary" value="ok">${this.t("token.continue")}</button>
      </form>
    </dialog>`;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #closed(): void {
    const input = this.renderRoot.querySelector("input") as HTMLInputElement;
    this.#answer(this.#dialog.returnValue === "ok" ? input.value : null);
    this.#dialog.returnValue = "";
    input.value = "";
  }
}

define("ck-token-dialog", TokenDialog);

/** `fetch` with an access token, which the user is asked for when the server wants one. It is kept until the tab closes. */
export function askingForToken(): typeof fetch {
  let question: Promise<string | null> | null = null;

  async function otherToken(refused: string | null): Promise<string | null> {
    const kept = sessionStorage.getItem(TOKEN);
    if (kept !== null && kept !== refused) return kept; // another request has asked meanwhile
    question ??= dialog().ask(refused !== null).finally(() => (question = null));
    const token = await question;
    if (token !== null) sessionStorage.setItem(TOKEN, token);
    return token;
  }

  return async (input, init) => {
    let token = sessionStorage.getItem(TOKEN);
    for (;;) {
      const response = await fetch(input, { ...init, headers: headers(init?.headers, token) });
      if (response.status !== 401) return response;
      token = await otherToken(token);
      if (token === null) return response;
    }
  };
}

function dialog(): TokenDialog {
  const found = document.querySelector("ck-token-dialog") ?? document.body.appendChild(new TokenDialog());
  return found as TokenDialog;
}

/** Headers cannot hold every character; a token with such a one is refused like any other wrong one. */
function headers(given: HeadersInit | undefined, token: string | null): Headers {
  const headers = new Headers(given);
  if (token !== null) headers.set("Authorization", `Bearer ${token.replace(/[^\x20-\x7e\xa0-\xff]/g, "?")}`);
  return headers;
}
