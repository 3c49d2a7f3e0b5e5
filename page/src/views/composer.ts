import type { ComposerOption, CommandsOption, Entity, EntitiesOption, UserMessageContent } from "@openai/chatkit";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Files, type Uploader } from "../chat/files";
import { contentOf, stretches, textOf } from "../chat/mentions";
import { suggestions } from "../chat/suggest";
import type { SentAttachment, UserInput } from "../protocol";
import { ChatElement, define } from "../ui/element";
import type { ComposerBar } from "./composer_bar";
import { composerStyles } from "./composer_styles";
import type { ComposerText } from "./composer_text";
import type { Transcribe } from "./dictation";

/** What is being written. */
export interface Draft {
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly quote: string | null;
  readonly attachments: readonly SentAttachment[];
}

export interface ComposerValue {
  readonly text?: string | undefined;
  readonly content?: UserMessageContent[] | undefined;
  readonly reply?: string | undefined;
  readonly attachments?: readonly SentAttachment[] | undefined;
  readonly files?: readonly File[] | undefined;
  readonly selectedToolId?: string | null | undefined;
  readonly selectedModelId?: string | undefined;
}

/** Where messages are written. Fires `ck-send` {input, draft}, `ck-stop`, `ck-draft` (the text) and `ck-tool` (an id or null). */
export class Composer extends ChatElement {
  static override properties = {
    options: { attribute: false },
    entities: { attribute: false },
    commands: { attribute: false },
    upload: { attribute: false },
    discard: { attribute: false },
    transcribe: { attribute: false },
    isBusy: { type: Boolean },
    mayStop: { type: Boolean },
    isOffline: { type: Boolean },
    closedBecause: {},
    text: { state: true },
    mentioned: { state: true },
    quote: { state: true },
    tool: { state: true },
    model: { state: true },
    problems: { state: true },
    isDraggedOver: { state: true },
  };
  declare options: ComposerOption;
  declare entities: EntitiesOption | null;
  declare commands: CommandsOption | null;
  declare upload: Uploader;
  /** What was uploaded is not sent after all. */
  declare discard: (attachment: SentAttachment) => void;
  declare transcribe: Transcribe;
  declare isBusy: boolean;
  declare mayStop: boolean;
  declare isOffline: boolean;
  /** Why nothing can be written here; null: it can. */
  declare closedBecause: string | null;
  declare text: string;
  declare mentioned: readonly Entity[];
  declare quote: string | null;
  declare tool: string | null;
  declare model: string | null;
  declare problems: readonly string[];
  declare isDraggedOver: boolean;
  readonly #files = new Files(() => this.requestUpdate());

  constructor() {
    super();
    this.options = {};
    this.entities = null;
    this.commands = null;
    this.isBusy = false;
    this.mayStop = true;
    this.isOffline = false;
    this.closedBecause = null;
    this.text = "";
    this.mentioned = [];
    this.quote = null;
    this.tool = null;
    this.model = null;
    this.problems = [];
    this.isDraggedOver = false;
  }

  static override styles = composerStyles;

  // ---- what the element does with it

  override focus(): void {
    this.#box?.focus();
  }

  get draft(): Draft {
    const entities = this.#used;
    return { text: this.text, entities, quote: this.quote, attachments: this.#files.attachments };
  }

  /** Puts back what was not sent. What was written since stays behind it. */
  restore(draft: Draft): void {
    this.text = [draft.text, this.text].filter(Boolean).join("\n");
    this.mentioned = [...draft.entities, ...this.mentioned];
    this.quote ??= draft.quote;
    if (draft.attachments.length) this.#files.put([...draft.attachments, ...this.#files.attachments]);
    this.emit("ck-draft", this.text);
  }

  async setValue(value: ComposerValue): Promise<void> {
    const given = value.content ? textOf(value.content) : { text: value.text, entities: [] };
    if (given.text !== undefined) {
      this.text = given.text;
      this.mentioned = given.entities;
      this.emit("ck-draft", this.text);
    }
    if (value.reply !== undefined) this.quote = value.reply || null;
    if (value.attachments) this.#files.put(value.attachments);
    if (value.selectedToolId !== undefined) this.chooseTool(this.#known(value.selectedToolId));
    if (value.selectedModelId !== undefined) this.model = value.selectedModelId;
    if (value.files) await this.addFiles(value.files);
  }

  /** Another thread is shown: what was written for it, and nothing of the last one. */
  reset(text: string): void {
    this.text = text;
    this.mentioned = [];
    this.quote = null;
    this.problems = [];
    this.#files.clear();
  }

  chooseTool(id: string | null): void {
    if (id === this.tool) return;
    this.tool = id;
    this.emit("ck-tool", id);
  }

  /** Settles when all are there; each that is not is told of at once. */
  async addFiles(files: readonly File[]): Promise<void> {
    this.problems = [];
    await Promise.all(files.map((file) => this.#addFile(file)));
  }

  /** Files that are held over the chat. */
  draggedOver(event: DragEvent): void {
    if (!this.#takesFiles || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.isDraggedOver = true;
  }

  dragLeft(event: DragEvent): void {
    const isInside = event.relatedTarget instanceof Node && (event.currentTarget as Element).contains(event.relatedTarget);
    if (!isInside) this.isDraggedOver = false;
  }

  dropped(event: DragEvent): void {
    if (!this.isDraggedOver) return;
    event.preventDefault();
    this.isDraggedOver = false;
    this.#offer([...(event.dataTransfer?.files ?? [])]);
  }

  /** A message with the tool and the model that are chosen here. */
  inputOf(draft: Draft): UserInput {
    return {
      content: contentOf(draft.text.trim(), draft.entities),
      attachments: draft.attachments.map((attachment) => attachment.id),
      quoted_text: draft.quote,
      inference_options: {
        ...(this.tool && { tool_choice: { id: this.tool } }),
        ...(this.#model && { model: this.#model }),
      },
    };
  }

  // ---- drawing

  override render(): TemplateResult {
    if (this.closedBecause !== null) return html`<p class="note" part="closed" role="status">${this.closedBecause}</p>`;
    return html`
      <div
        class=${this.isDraggedOver ? "frame over" : "frame"}
        part="composer"
        @ck-submit=${this.#submit}
        @ck-files=${(event: CustomEvent<File[]>) => this.#offer(event.detail)}
      >
        ${this.isDraggedOver ? html`<div class="over-text">${this.t("composer.drop")}</div>` : nothing}
        ${this.#problemList()} ${this.quote ? this.#quote(this.quote) : nothing}
        ${this.#files.list.length
          ? html`<ck-composer-files .files=${this.#files.list} @ck-remove=${this.#removed}></ck-composer-files>`
          : nothing}
        <ck-composer-text
          exportparts="input, suggestions"
          .value=${this.text}
          .placeholder=${this.#placeholder}
          .entities=${this.mentioned}
          .suggest=${this.#canSuggest ? this.#suggest : null}
          @ck-input=${this.#typed}
        ></ck-composer-text>
        <ck-composer-bar
          exportparts="attach-button, tool-chip, send-button, stop-button, dictation-button"
          .options=${this.options}
          .tool=${this.tool}
          .model=${this.#model}
          .transcribe=${this.transcribe}
          ?canMention=${Boolean(this.entities?.onTagSearch && this.entities.showComposerMenu)}
          ?canSend=${this.#canSend}
          ?isBusy=${this.isBusy}
          ?mayStop=${this.mayStop}
          @ck-mention=${() => this.#box?.beginMention()}
          @ck-tool-chosen=${(event: CustomEvent<string | null>) => this.chooseTool(event.detail)}
          @ck-model-chosen=${(event: CustomEvent<string>) => (this.model = event.detail)}
          @ck-dictated=${(event: CustomEvent<string>) => this.#box?.insert(event.detail)}
          @ck-problem=${(event: CustomEvent<string>) => (this.problems = [event.detail])}
        ></ck-composer-bar>
      </div>
      ${this.isOffline ? html`<p class="note" role="status">${this.t("composer.offline")}</p>` : nothing}
    `;
  }

  protected override willUpdate(changes: PropertyValues): void {
    const tools = this.options.tools ?? [];
    if (changes.has("options") && this.tool && !tools.some(({ id }) => id === this.tool)) this.chooseTool(null);
  }

  #problemList(): TemplateResult {
    const lines = this.problems.map((problem) => html`<li>${problem}</li>`);
    return html`<div role="alert">${lines.length ? html`<ul class="problems">${lines}</ul>` : nothing}</div>`;
  }

  #quote(quote: string): TemplateResult {
    const remove = this.t("composer.removeQuote");
    return html`<div class="quote" part="quote">
      <p dir="auto">${quote}</p>
      <button type="button" class="icon-button" title=${remove} aria-label=${remove} @click=${() => (this.quote = null)}>
        <ck-icon name="close"></ck-icon>
      </button>
    </div>`;
  }

  // ---- what it is made of

  get #box(): ComposerText | null {
    return this.renderRoot.querySelector<ComposerText>("ck-composer-text");
  }

  get #bar(): ComposerBar | null {
    return this.renderRoot.querySelector<ComposerBar>("ck-composer-bar");
  }

  get #model(): string | null {
    const models = this.options.models ?? [];
    const isKnown = models.some(({ id }) => id === this.model);
    return (isKnown ? this.model : (models.find((model) => model.default) ?? models[0])?.id) ?? null;
  }

  /** The tool, if there is such a one. */
  #known(tool: string | null): string | null {
    return this.options.tools?.some(({ id }) => id === tool) ? tool : null;
  }

  get #used(): readonly Entity[] {
    const entities = stretches(this.text, this.mentioned).map(({ entity }) => entity);
    return [...new Set(entities.filter((entity) => entity !== null))];
  }

  get #placeholder(): string {
    const tool = this.options.tools?.find(({ id }) => id === this.tool);
    return tool?.placeholderOverride ?? this.options.placeholder ?? this.t("composer.placeholder");
  }

  get #takesFiles(): boolean {
    return this.options.attachments?.enabled === true && this.closedBecause === null;
  }

  get #canSend(): boolean {
    return this.text.trim() !== "" || this.#files.list.length > 0;
  }

  get #canSuggest(): boolean {
    return Boolean(this.entities?.onTagSearch || this.commands?.enabled);
  }

  readonly #suggest = (mark: "@" | "/", query: string) =>
    suggestions(mark, query, {
      entities: this.entities,
      commands: this.commands,
      mention: (entity) => {
        this.mentioned = [...this.mentioned.filter(({ title }) => title !== entity.title), entity];
        this.#box?.insert(`@${entity.title} `);
      },
      replace: (text) => this.#box?.insert(text),
      show: (further) => this.#box?.show(further),
      attach: this.options.attachments?.enabled ? { label: this.t("composer.attach"), run: () => this.#bar?.pick() } : null,
      tools: (this.options.tools ?? []).map((tool) => ({ ...tool, run: () => this.chooseTool(tool.id) })),
    });

  // ---- what the user does

  #typed(event: CustomEvent<string>): void {
    this.text = event.detail;
    this.emit("ck-draft", this.text);
  }

  #submit(): void {
    if (this.isBusy || !this.#canSend) return;
    if (this.#files.isUploading) {
      this.problems = [this.t("composer.waitForFiles")];
      return;
    }
    const { draft } = this;
    const input = this.inputOf(draft);
    this.reset("");
    const tool = this.options.tools?.find(({ id }) => id === this.tool);
    if (tool && !tool.persistent) this.chooseTool(null);
    this.emit("ck-send", { input, draft });
  }

  #offer(files: readonly File[]): void {
    if (this.#takesFiles && files.length > 0) void this.addFiles(files);
  }

  async #addFile(file: File): Promise<void> {
    const limits = this.options.attachments ?? { enabled: true };
    const problems = await this.#files.add([file], limits, this.texts, this.upload);
    this.problems = [...new Set([...this.problems, ...problems])];
  }

  #removed(event: CustomEvent<number>): void {
    const attachment = this.#files.remove(event.detail);
    if (attachment) this.discard(attachment);
    this.focus();
  }
}

define("ck-composer", Composer);
