const PREFIX = "chatkit:draft:";
const LONGEST = 100_000;

/** What was written and not sent, kept in the browser by thread: it outlives a reload and a lost network. */
export class Drafts {
  readonly #scope: string;

  /** `url`: of the server, whose threads these are. */
  constructor(url: string) {
    this.#scope = `${PREFIX}${url}:`;
  }

  load(thread: string | null): string {
    return this.#tried(() => localStorage.getItem(this.#key(thread))) ?? "";
  }

  save(thread: string | null, text: string): void {
    const key = this.#key(thread);
    this.#tried(() => (text ? localStorage.setItem(key, text.slice(0, LONGEST)) : localStorage.removeItem(key)));
  }

  #key(thread: string | null): string {
    return this.#scope + (thread ?? "new");
  }

  /** Storage may be switched off, or full; then nothing is kept. */
  #tried<T>(work: () => T): T | null {
    try {
      return work();
    } catch {
      return null;
    }
  }
}
