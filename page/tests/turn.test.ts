import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type Stream } from "../src/api/client";
import { TurnGone, turnEvents, type TurnSource } from "../src/chat/turn";
import type { ThreadEvent } from "../src/protocol";

const notice = (message: string): ThreadEvent => ({ type: "notice", level: "info", message });

/** A stream of so many events behind the first `from`, which breaks after them or ends. */
function stream(from: number, count: number, breaks = false): Stream {
  async function* events(): AsyncGenerator<ThreadEvent> {
    for (let number = from + 1; number <= from + count; number += 1) yield notice(String(number));
    if (breaks) throw new ApiError("lost");
  }
  return { events: events(), turn: null };
}

async function followed(source: TurnSource, signal = new AbortController().signal) {
  const connections: boolean[] = [];
  const messages: string[] = [];
  const events = turnEvents(source, { signal, connected: (is) => connections.push(is) });
  const work = (async () => {
    for await (const event of events) messages.push((event as { message: string }).message);
  })();
  const outcome = await Promise.race([work.then(() => "ended" as const, (error: unknown) => error), drained(work)]);
  return { outcome, messages, connections };
}

/** Lets timers run until the work is done. */
async function drained(work: Promise<void>): Promise<never> {
  let isDone = false;
  work.finally(() => (isDone = true)).catch(() => undefined);
  for (let round = 0; round < 100 && !isDone; round += 1) await vi.advanceTimersByTimeAsync(10_000);
  return new Promise(() => undefined);
}

describe("a turn", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is read to its end", async () => {
    const source = { begin: async () => stream(0, 3), join: async () => null };
    expect(await followed(source)).toEqual({ outcome: "ended", messages: ["1", "2", "3"], connections: [] });
  });

  it("goes on behind what was seen when the connection breaks", async () => {
    const asked: number[] = [];
    const source = {
      begin: async () => stream(0, 2, true),
      join: async (seen: number) => (asked.push(seen), seen === 2 ? stream(2, 1, true) : stream(3, 2)),
    };
    const { messages, connections } = await followed(source);
    expect(messages).toEqual(["1", "2", "3", "4", "5"]);
    expect(asked).toEqual([2, 3]);
    expect(connections).toEqual([false, true, false, true]);
  });

  it("is known by its id, even after its end", async () => {
    const turns: (string | null)[] = [];
    const source: TurnSource = {
      begin: async () => ({ ...stream(0, 1, true), turn: "turn_1" }),
      join: async (seen, _signal, turn) => (turns.push(turn), stream(seen, 1, seen < 2)),
    };
    expect(await followed(source)).toMatchObject({ outcome: "ended", messages: ["1", "2", "3"] });
    expect(turns).toEqual(["turn_1", "turn_1"]);
  });

  it("is asked for again when the first request was lost", async () => {
    let asked = 0;
    const begin = async () => {
      asked += 1;
      if (asked < 4) throw new ApiError("nobody answers");
      return stream(0, 1);
    };
    expect(await followed({ begin, join: async () => null })).toMatchObject({ outcome: "ended", messages: ["1"] });
    expect(asked).toBe(4);
  });

  it("is given up when the server stays away", async () => {
    const begin = vi.fn(async () => Promise.reject(new ApiError("nobody answers")));
    const { outcome } = await followed({ begin, join: async () => null });
    expect(outcome).toMatchObject({ message: "nobody answers" });
    expect(begin.mock.calls.length).toBe(13);
  });

  it("is not asked for again after a refusal", async () => {
    const begin = vi.fn(async () => Promise.reject(new ApiError("Too long.", 400)));
    expect((await followed({ begin, join: async () => null })).outcome).toMatchObject({ status: 400 });
    expect(begin.mock.calls.length).toBe(1);
  });

  it("says when nothing is left to be joined", async () => {
    const source = { begin: async () => stream(0, 1, true), join: async () => null };
    expect((await followed(source)).outcome).toBeInstanceOf(TurnGone);
  });

  it("is left at once by those who leave", async () => {
    const leaving = new AbortController();
    const begin = async () => {
      leaving.abort();
      throw new ApiError("lost");
    };
    expect((await followed({ begin, join: async () => null }, leaving.signal)).connections).toEqual([]);
  });
});
