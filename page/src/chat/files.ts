import type { ComposerOption } from "@openai/chatkit";
import type { OnProgress } from "../api/uploads";
import type { Texts } from "../locale/texts";
import type { SentAttachment } from "../protocol";

type Limits = NonNullable<ComposerOption["attachments"]>;

/** A file on its way into a message. */
export interface OutgoingFile {
  readonly key: number;
  readonly name: string;
  readonly isImage: boolean;
  /** What is shown of a picture before the server has it. */
  readonly preview: string | null;
  /** The share that was sent; null: nobody can tell. */
  readonly progress: number | null;
  readonly attachment: SentAttachment | null;
}

export type Uploader = (file: File, onProgress: OnProgress, signal: AbortSignal) => Promise<SentAttachment>;

const DEFAULT_SIZE = 100 * 1024 * 1024;
const DEFAULT_COUNT = 10;
let lastKey = 0;

/** The files of the message that is being written. Replaced, never changed: `list` tells by identity. */
export class Files {
  list: readonly OutgoingFile[] = [];
  readonly #aborts = new Map<number, AbortController>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isUploading(): boolean {
    return this.list.some((file) => file.attachment === null);
  }

  get attachments(): readonly SentAttachment[] {
    return this.list.map((file) => file.attachment).filter((attachment) => attachment !== null);
  }

  /** Begins to upload what may be sent; gives words for each that may not, or could not. */
  async add(files: readonly File[], limits: Limits, texts: Texts, upload: Uploader): Promise<readonly string[]> {
    const refused: string[] = [];
    const taken: Promise<string | null>[] = [];
    for (const file of files) {
      const objection = this.#objection(file, limits, texts);
      if (objection) refused.push(objection);
      else taken.push(this.#upload(file, texts, upload));
    }
    const failed = (await Promise.all(taken)).filter((message) => message !== null);
    return [...refused, ...failed];
  }

  /** Files that are on the server already. */
  put(attachments: readonly SentAttachment[]): void {
    this.clear();
    this.list = attachments.map((attachment) => ({
      key: ++lastKey,
      name: attachment.name,
      isImage: attachment.type === "image",
      preview: attachment.preview_url ?? null,
      progress: 1,
      attachment,
    }));
    this.#changed();
  }

  /** Takes a file out again; gives its attachment, if the server has it. */
  remove(key: number): SentAttachment | null {
    const file = this.list.find((each) => each.key === key);
    this.#aborts.get(key)?.abort();
    this.#drop(key);
    return file?.attachment ?? null;
  }

  clear(): void {
    for (const { key } of this.list) this.remove(key);
  }

  async #upload(file: File, texts: Texts, upload: Uploader): Promise<string | null> {
    const key = ++lastKey;
    const abort = new AbortController();
    const isImage = file.type.startsWith("image/");
    const preview = isImage ? URL.createObjectURL(file) : null;
    this.#aborts.set(key, abort);
    this.list = [...this.list, { key, name: file.name, isImage, preview, progress: 0, attachment: null }];
    this.#changed();
    try {
      const attachment = await upload(file, (progress) => this.#set(key, { progress }), abort.signal);
      this.#set(key, { attachment, progress: 1 });
      return null;
    } catch (error) {
      this.#drop(key);
      return abort.signal.aborted ? null : `${file.name}: ${texts.error(error as Error)}`;
    } finally {
      this.#aborts.delete(key);
    }
  }

  #set(key: number, changes: Partial<OutgoingFile>): void {
    this.list = this.list.map((file) => (file.key === key ? { ...file, ...changes } : file));
    this.#changed();
  }

  #drop(key: number): void {
    const preview = this.list.find((file) => file.key === key)?.preview;
    if (preview?.startsWith("blob:")) URL.revokeObjectURL(preview);
    this.list = this.list.filter((file) => file.key !== key);
    this.#changed();
  }

  #objection(file: File, limits: Limits, texts: Texts): string | null {
    const most = limits.maxCount ?? DEFAULT_COUNT;
    const size = sizeLimit(file.type, limits.maxSize);
    if (this.list.length >= most) return texts.t("composer.tooMany", { count: texts.number(most) });
    if (file.size > size) return texts.t("composer.tooLarge", { name: file.name, size: texts.size(size) });
    if (!isAccepted(file, limits.accept)) return texts.t("composer.wrongType", { name: file.name });
    return null;
  }
}

function sizeLimit(type: string, limits: Limits["maxSize"]): number {
  if (limits === undefined) return DEFAULT_SIZE;
  if (typeof limits === "number") return limits;
  const pattern = Object.keys(limits).find((each) => each !== "*" && each !== "" && matches(type, each));
  return limits[pattern ?? ("*" in limits ? "*" : "")] ?? DEFAULT_SIZE;
}

function isAccepted(file: File, accept: Limits["accept"]): boolean {
  if (!accept || Object.keys(accept).length === 0) return true;
  const name = file.name.toLowerCase();
  return Object.entries(accept).some(
    ([type, endings]) => matches(file.type, type) || endings.some((ending) => name.endsWith(ending.toLowerCase())),
  );
}

function matches(type: string, pattern: string): boolean {
  if (pattern === "*" || pattern === "*/*") return true;
  return pattern.endsWith("/*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** As the file dialog takes it. */
export function acceptAttribute(accept: Limits["accept"]): string {
  return Object.entries(accept ?? {}).flatMap(([type, endings]) => [type, ...endings]).join(",");
}
