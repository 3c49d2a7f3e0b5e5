import { css, html, type TemplateResult } from "lit";
import { ChatElement, define } from "./element";

/** Asks whether something that cannot be undone shall be done. */
export class Confirm extends ChatElement {
  static override properties = { question: { state: true }, confirmLabel: { state: true } };
  declare question: string;
  declare confirmLabel: string;
  #decide: (isWanted: boolean) => void = () => undefined;

  constructor() {
    super();
    this.question = "";
    this.confirmLabel = "";
  }

  static override styles = css`
    dialog {
      background: var(--ck-surface-raised);
      border: 1px solid var(--ck-border);
      border-radius: var(--ck-radius-lg);
      box-shadow: var(--ck-shadow);
      color: var(--ck-text);
      inline-size: min(24rem, calc(100vw - 2rem));
      padding: calc(5 * var(--ck-space));
    }
    dialog::backdrop {
      background: rgb(0 0 0 / 0.4);
    }
    .buttons {
      display: flex;
      gap: calc(2 * var(--ck-space));
      justify-content: end;
      margin-block-start: calc(4 * var(--ck-space));
    }
    p {
      overflow-wrap: anywhere;
    }
  `;

  /** True when the user wants it. */
  async ask(question: string, confirmLabel: string): Promise<boolean> {
    this.question = question;
    this.confirmLabel = confirmLabel;
    await this.updateComplete;
    this.#dialog.showModal();
    return new Promise((resolve) => (this.#decide = resolve));
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="question" @close=${this.#closed}>
      <p id="question">${this.question}</p>
      <div class="buttons">
        <button class="button" type="button" @click=${() => this.#dialog.close("")}>${this.t("chat.cancel")}</button>
        <button class="button danger" type="button" @click=${() => this.#dialog.close("yes")}>${this.confirmLabel}</button>
      </div>
    </dialog>`;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #closed(): void {
    this.#decide(this.#dialog.returnValue === "yes");
    this.#dialog.returnValue = "";
  }
}

define("ck-confirm", Confirm);
