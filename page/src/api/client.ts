import type { ThreadEvent } from "../protocol";
import { en, type Key } from "../locale/en";
import { frames } from "./frames";

/** An answer that is not what was asked for; `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** The HTTP status; 0: nobody answered, or the connection broke. */
    readonly status = 0,
    readonly code = "",
    /** The text that says the same in the user's language, where the words are ours and not the server's. */
    readonly key: Key | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether it may go better soon without anybody doing anything. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

export interface ClientOptions {
  /** Where the protocol is spoken, `…/chatkit`; what else our server has lies beside it. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  /** Gives the bearer token, and a new one when the last was refused; null: none is needed. */
  readonly token?: (refused: string | null) => Promise<string | null>;
  /** What to send as `Accept-Language`; null: the browser's own. */
  readonly language?: string | null;
}

/** A stream that was begun or joined. */
export interface Stream {
  readonly events: AsyncIterable<ThreadEvent>;
  /** The turn's id, where the server tells it. */
  readonly turn: string | null;
}

/** Statuses by which a server says that it has no such route. */
const UNKNOWN_ROUTE = [404, 405, 501];

/** Speaks the protocol over `fetch`. */
export class Client {
  #token: string | null = null;
  #asking: Promise<string | null> | null = null;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** An operation that is answered with JSON. Raises ApiError. */
  async ask<T>(type: string, params: object, signal?: AbortSignal): Promise<T> {
    const response = await this.#post(type, params, {}, signal);
    return (await response.json()) as T;
  }

  /**
   * An operation that is answered with a stream. The answer goes on when the connection is lost; `key` names the
   * request, so that sending it again joins the same answer. Raises ApiError.
   */
  async stream(type: string, params: object, key: string, signal?: AbortSignal): Promise<Stream> {
    const headers = { "ChatKit-Resume": "1", "Idempotency-Key": key };
    return streamOf(await this.#post(type, params, headers, signal));
  }

  /**
   * Joins an answer of a thread behind `seen` events: the turn with that id, which may have ended, or the one that
   * runs. Null when none does, or the server knows no such thing. Raises ApiError.
   */
  async attach(thread: string, seen: number, signal?: AbortSignal, turn: string | null = null): Promise<Stream | null> {
    const query = new URLSearchParams({ after: String(seen), ...(turn && { turn }) });
    const path = `threads/${encodeURIComponent(thread)}/stream?${query.toString()}`;
    const response = await this.#optional(path, { method: "GET", signal: signal ?? null });
    const isStream = response?.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    return response !== null && isStream ? streamOf(response) : null;
  }

  /** Stops the running answer of a thread; false where the server knows no such thing. */
  async cancel(thread: string): Promise<boolean> {
    return (await this.#optional(`threads/${encodeURIComponent(thread)}/cancel`, { method: "POST" })) !== null;
  }

  /** JSON from beside the protocol's own endpoint; null where the server has no such route. Raises ApiError. */
  async beside<T>(path: string, signal?: AbortSignal): Promise<T | null> {
    const response = await this.#optional(path, { method: "GET", signal: signal ?? null });
    return response === null ? null : ((await response.json()) as T);
  }

  /** Any request to the server, with its token. Raises ApiError. */
  async send(url: URL, request: RequestInit): Promise<Response> {
    this.#token ??= await this.#newToken(null);
    const used = this.#token;
    let response = await this.#fetch(url, request);
    if (response.status === 401 && used !== null) {
      if (this.#token === used) this.#token = await this.#newToken(used); // else another request has got one meanwhile
      response = await this.#fetch(url, request);
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }

  get url(): string {
    return this.#options.url;
  }

  /** Whether the server that is spoken to serves that address, too. */
  isAt(url: string): boolean {
    return new URL(url, this.url).origin === new URL(this.url).origin;
  }

  /** Another server, or another way to sign in: the token was for the one before. */
  forgetToken(): void {
    this.#token = null;
  }

  /** What a request to the server has to carry. */
  async authorization(): Promise<Record<string, string>> {
    this.#token ??= await this.#newToken(null);
    return this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` };
  }

  /** However many requests wait for a token, it is asked for once. */
  #newToken(refused: string | null): Promise<string | null> {
    const ask = async () => (await this.#options.token?.(refused)) ?? null;
    return (this.#asking ??= ask().finally(() => (this.#asking = null)));
  }

  async #optional(path: string, request: RequestInit): Promise<Response | null> {
    try {
      return await this.send(new URL(path, this.#options.url), request);
    } catch (error) {
      if (error instanceof ApiError && UNKNOWN_ROUTE.includes(error.status)) return null;
      throw error;
    }
  }

  #post(type: string, params: object, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    return this.send(new URL(this.#options.url), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ type, params }),
      signal: signal ?? null,
    });
  }

  async #fetch(url: URL, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    if (this.#token !== null) headers.set("Authorization", `Bearer ${this.#token}`);
    if (this.#options.language) headers.set("Accept-Language", this.#options.language);
    try {
      return await (this.#options.fetch ?? fetch)(url.href, { ...request, headers });
    } catch (error) {
      throw lost(error);
    }
  }
}

/** A connection that failed, as one of ours (`fetch` and its streams throw TypeError then); the rest stays what it is. */
function lost(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  return new ApiError(en["chat.unreachable"], 0, "", "chat.unreachable");
}

function streamOf(response: Response): Stream {
  if (response.body === null) throw statusError(response.status, null);
  return { events: eventsOf(response.body), turn: response.headers.get("chatkit-turn-id") };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ThreadEvent> {
  try {
    for await (const frame of frames(body)) yield parsed(frame.data);
  } catch (error) {
    throw lost(error);
  }
}

/** An event without a type where it is no JSON: the frame counts all the same. */
function parsed(data: string): ThreadEvent {
  try {
    return JSON.parse(data) as ThreadEvent;
  } catch {
    return {} as ThreadEvent;
  }
}

/** The error of an answer that is not one, in the server's own words. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { message?: string; code?: string } } | null)?.error;
  return statusError(response.status, error?.message ?? null, error?.code);
}

/** What a status means, in the server's words where it has some. */
export function statusError(status: number, message: string | null, code = ""): ApiError {
  if (message !== null) return new ApiError(message, status, code);
  return new ApiError(en["chat.badStatus"].replace("{status}", String(status)), status, code, "chat.badStatus");
}
