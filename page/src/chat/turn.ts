import { ApiError, type Stream } from "../api/client";
import type { ThreadEvent } from "../protocol";

/** How the events of one turn are got. */
export interface TurnSource {
  /** Asks for the turn; asked again, it gives the same turn from its first event on. */
  begin(signal: AbortSignal): Promise<Stream | null>;
  /** The events behind the first `seen` of the turn with that id, as far as it is known; null: nobody keeps them any more. */
  join(seen: number, signal: AbortSignal, turn: string | null): Promise<Stream | null>;
}

export interface Watcher {
  readonly signal: AbortSignal;
  /** Told when the connection is lost, and when it is there again. */
  connected(isConnected: boolean): void;
}

/** The turn ended while nobody was looking: what it left has to be loaded. `turn` is its id, where that is known. */
export class TurnGone extends Error {
  constructor(readonly turn: string | null) {
    super();
  }
}

const WAITS = [300, 700, 1500, 3000, 5000, 8000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000]; // ms

/**
 * The events of a turn, each once, over as many connections as it takes. Raises ApiError when the server refuses
 * or stays away for about a minute and a half, TurnGone when there is nothing to be joined any more.
 */
export async function* turnEvents(source: TurnSource, watcher: Watcher): AsyncGenerator<ThreadEvent> {
  let seen = 0;
  let lost = 0;
  let turn: string | null = null;
  for (;;) {
    try {
      const stream: Stream | null = seen === 0 ? await source.begin(watcher.signal) : await source.join(seen, watcher.signal, turn);
      if (stream === null) throw new TurnGone(turn);
      turn = stream.turn ?? turn;
      if (lost > 0) watcher.connected(true);
      lost = 0;
      const before = seen;
      for await (const event of stream.events) {
        seen += 1;
        yield event;
      }
      // a server that died may have shown more than it kept: then its turn ends sooner than what was seen
      if (seen > 0 && seen === before) throw new TurnGone(turn);
      return;
    } catch (error) {
      const wait = WAITS[lost];
      if (!isPassing(error) || wait === undefined || watcher.signal.aborted) throw error;
      if (navigator.onLine || lost === 0) lost += 1; // whoever is offline is waited for
      watcher.connected(false);
      await pause(wait, watcher.signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.isPassing;
}

/** Waits so long, or until the browser is online again. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
