import type { ComposerOption, ToolOption } from "@openai/chatkit";
import { css, html, nothing, type TemplateResult } from "lit";
import { acceptAttribute } from "../chat/files";
import { ChatElement, define } from "../ui/element";
import type { MenuEntry } from "../ui/menu";
import type { Transcribe } from "./dictation";

/**
 * The buttons below the composer's text. Fires `ck-files` (those that were picked), `ck-mention`, `ck-tool-chosen` (an id or null),
 * `ck-model-chosen`, `ck-submit` and `ck-stop`, and what the dictation fires.
 */
export class ComposerBar extends ChatElement {
  static override properties = {
    options: { attribute: false },
    tool: {},
    model: {},
    transcribe: { attribute: false },
    canMention: { type: Boolean },
    canSend: { type: Boolean },
    isBusy: { type: Boolean },
    mayStop: { type: Boolean },
  };
  declare options: ComposerOption;
  declare tool: string | null;
  declare model: string | null;
  declare transcribe: Transcribe;
  declare canMention: boolean;
  declare canSend: boolean;
  declare isBusy: boolean;
  declare mayStop: boolean;

  constructor() {
    super();
    this.options = {};
    this.tool = null;
    this.model = null;
    this.canMention = false;
    this.canSend = false;
    this.isBusy = false;
    this.mayStop = true;
  }

  static override styles = css`
    :host {
      align-items: center;
      display: flex;
      flex-wrap: wrap;
      gap: var(--ck-space);
      margin-block-start: calc(2 * var(--ck-space));
    }
    .gap {
      flex: 1;
    }
    .chip {
      align-items: center;
      background: var(--ck-info-soft);
      border: 0;
      border-radius: var(--ck-radius-full);
      color: var(--ck-info);
      display: inline-flex;
      font-size: 0.875em;
      gap: var(--ck-space);
      min-block-size: 2rem;
      padding-inline: calc(2.5 * var(--ck-space));
    }
    .pinned {
      background: none;
      border: 1px solid var(--ck-border);
      color: var(--ck-text-secondary);
    }
    .main {
      background: var(--ck-accent);
      border-radius: var(--ck-radius-full);
      color: var(--ck-on-accent);
    }
    .icon-button.main:hover:not(:disabled) {
      background: var(--ck-accent);
      color: var(--ck-on-accent);
      filter: brightness(1.15);
    }
    .square {
      background: currentColor;
      block-size: 0.75em;
      border-radius: 2px;
      inline-size: 0.75em;
    }
  `;

  override render(): unknown {
    return html`${this.#left()}<span class="gap"></span>${this.#right()}`;
  }

  /** Opens the file dialog. */
  readonly pick = (): void => {
    this.renderRoot.querySelector<HTMLInputElement>('input[type="file"]')?.click();
  };

  #left(): unknown[] {
    const tools = this.options.tools ?? [];
    return [
      this.options.attachments?.enabled ? this.#attach() : nothing,
      this.canMention ? this.#mentionButton() : nothing,
      tools.some((tool) => !tool.pinned) ? this.#toolMenu(tools.filter((tool) => !tool.pinned)) : nothing,
      tools.filter((tool) => tool.pinned || tool.id === this.tool).map((tool) => this.#toolChip(tool)),
    ];
  }

  #attach(): TemplateResult {
    const label = this.t("composer.attach");
    return html`<input
        type="file"
        multiple
        hidden
        accept=${acceptAttribute(this.options.attachments?.accept) || nothing}
        @change=${this.#picked}
      />
      <button type="button" class="icon-button" part="attach-button" title=${label} aria-label=${label} @click=${this.pick}>
        <ck-icon name="plus"></ck-icon>
      </button>`;
  }

  #mentionButton(): TemplateResult {
    const label = this.t("composer.mention");
    return html`<button
      type="button"
      class="icon-button"
      title=${label}
      aria-label=${label}
      @click=${() => this.emit("ck-mention")}
    >
      <ck-icon name="mention"></ck-icon>
    </button>`;
  }

  #toolMenu(tools: readonly ToolOption[]): TemplateResult {
    const entries: MenuEntry[] = tools.map(({ id, label, icon }) => ({ id, label, icon, isChecked: id === this.tool }));
    return html`<ck-menu
      label=${this.t("composer.tools")}
      .entries=${entries}
      @ck-choose=${(event: CustomEvent<string>) => this.#choose(event.detail)}
    >
      <ck-icon name="settings-slider"></ck-icon>
    </ck-menu>`;
  }

  #toolChip(tool: ToolOption): TemplateResult {
    const isChosen = tool.id === this.tool;
    const label = tool.shortLabel ?? tool.label;
    return html`<button
      type="button"
      class=${isChosen ? "chip" : "chip pinned"}
      part="tool-chip"
      aria-pressed=${isChosen ? "true" : "false"}
      aria-label=${isChosen ? this.t("composer.removeTool", { name: tool.label }) : tool.label}
      @click=${() => this.#choose(tool.id)}
    >
      <ck-icon name=${tool.icon}></ck-icon>${label}${isChosen ? html`<ck-icon name="close"></ck-icon>` : nothing}
    </button>`;
  }

  #right(): unknown[] {
    return [
      (this.options.models ?? []).length > 0 ? this.#modelMenu() : nothing,
      this.options.dictation?.enabled
        ? html`<ck-dictation
            exportparts="dictation-button"
            .transcribe=${this.transcribe}
          ></ck-dictation>`
        : nothing,
      this.isBusy ? this.#stop() : this.#send(),
    ];
  }

  #modelMenu(): TemplateResult {
    const models = this.options.models ?? [];
    const entries: MenuEntry[] = models.map(({ id, label, description, disabled }) => ({
      id,
      label,
      description,
      isChecked: id === this.model,
      isDisabled: disabled ?? false,
    }));
    return html`<ck-menu
      look="pill"
      label=${this.t("composer.model")}
      .entries=${entries}
      @ck-choose=${(event: CustomEvent<string>) => this.emit("ck-model-chosen", event.detail)}
    >
      ${models.find(({ id }) => id === this.model)?.label}<ck-icon name="chevron-down"></ck-icon>
    </ck-menu>`;
  }

  #stop(): TemplateResult {
    const label = this.t("composer.stop");
    return html`<button
      type="button"
      class="icon-button main"
      part="stop-button"
      title=${label}
      aria-label=${label}
      ?disabled=${!this.mayStop}
      @click=${() => this.emit("ck-stop")}
    >
      <ck-icon name="stop"></ck-icon>
    </button>`;
  }

  #send(): TemplateResult {
    const label = this.t("composer.send");
    return html`<button
      type="button"
      class="icon-button main"
      part="send-button"
      title=${label}
      aria-label=${label}
      ?disabled=${!this.canSend}
      @click=${() => this.emit("ck-submit")}
    >
      <ck-icon name="arrow-up"></ck-icon>
    </button>`;
  }

  /** Choosing a tool again is choosing none. */
  #choose(tool: string): void {
    this.emit("ck-tool-chosen", tool === this.tool ? null : tool);
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    this.emit("ck-files", files);
  }
}

define("ck-composer-bar", ComposerBar);
