import { css, html, type TemplateResult } from "lit";
import { ChatElement, define } from "../ui/element";

/** Gives the words that were spoken in a recording. */
export type Transcribe = (audio: Blob) => Promise<string>;

const LONGEST = 5 * 60_000; // ms
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** A button that records until it is pressed again, and gives the words (`ck-dictated`) or says why not (`ck-problem`). */
export class Dictation extends ChatElement {
  static override properties = { transcribe: { attribute: false }, state: { state: true }, isDisabled: { type: Boolean } };
  declare transcribe: Transcribe;
  declare state: "idle" | "recording" | "transcribing";
  declare isDisabled: boolean;
  #recorder: MediaRecorder | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.state = "idle";
    this.isDisabled = false;
  }

  static override styles = css`
    .recording {
      background: var(--ck-danger-soft);
      color: var(--ck-danger);
    }
  `;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#recorder?.stop();
  }

  override render(): TemplateResult {
    const labels = { idle: "composer.dictate", recording: "composer.dictateStop", transcribing: "composer.transcribing" } as const;
    const label = this.t(labels[this.state]);
    return html`<button
      type="button"
      class="icon-button ${this.state}"
      part="dictation-button"
      title=${label}
      aria-label=${label}
      aria-pressed=${this.state === "recording" ? "true" : "false"}
      ?disabled=${this.isDisabled || this.state === "transcribing"}
      @click=${this.#toggle}
    >
      <ck-icon name=${this.state === "recording" ? "stop" : "microphone"}></ck-icon>
    </button>`;
  }

  #toggle(): void {
    if (this.#recorder) this.#recorder.stop();
    else void this.#record();
  }

  async #record(): Promise<void> {
    try {
      const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
      const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
      const recorder = new MediaRecorder(sound, type ? { mimeType: type } : {});
      const pieces: Blob[] = [];
      recorder.ondataavailable = ({ data }) => pieces.push(data);
      recorder.onstop = () => {
        sound.getTracks().forEach((track) => track.stop());
        void this.#finish(new Blob(pieces, { type: recorder.mimeType }));
      };
      recorder.start();
      this.#recorder = recorder;
      this.#timer = setTimeout(() => recorder.stop(), LONGEST);
      this.state = "recording";
    } catch {
      this.emit("ck-problem", this.t("composer.dictateFailed"));
    }
  }

  async #finish(audio: Blob): Promise<void> {
    clearTimeout(this.#timer);
    this.#recorder = null;
    this.state = "transcribing";
    try {
      this.emit("ck-dictated", await this.transcribe(audio));
    } catch (error) {
      this.emit("ck-problem", this.texts.error(error as Error));
    } finally {
      this.state = "idle";
    }
  }
}

define("ck-dictation", Dictation);
