/** The tabs of this browser that show the same server: each tells the others when a thread has changed. */
export class Tabs {
  #channel: BroadcastChannel | null = null;
  readonly #name: string;
  readonly #heard: (thread: string) => void;

  /** `heard` is called with the thread's id when another tab says so, while this is open. */
  constructor(url: string, heard: (thread: string) => void) {
    this.#name = `chatkit:${url}`;
    this.#heard = heard;
  }

  open(): void {
    if (this.#channel !== null || typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") this.#heard(data);
    });
  }

  tell(thread: string): void {
    this.#channel?.postMessage(thread);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
