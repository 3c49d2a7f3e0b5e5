import { describe, expect, it } from "vitest";
import { frames } from "../src/api/frames";

function body(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

async function all(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  const found = [];
  for await (const frame of frames(body(...chunks))) found.push(frame);
  return found;
}

describe("frames", () => {
  it("come one by one, whatever comes at once", async () => {
    expect(await all('data: {"a":1}\n\ndata: {"b":2}\n\n')).toEqual([
      { data: '{"a":1}', id: null },
      { data: '{"b":2}', id: null },
    ]);
  });

  it("are whole wherever the network cuts them", async () => {
    const bytes = new TextEncoder().encode('id: 7\ndata: {"text":"größer → 你好"}\n\n');
    const single = Array.from(bytes, (byte) => new Uint8Array([byte]));
    expect(await all(...single)).toEqual([{ data: '{"text":"größer → 你好"}', id: "7" }]);
  });

  it("are no comments, no blanks and nothing that is unfinished", async () => {
    expect(await all(": ping\n\n", "\n\n", "data: 1\n\n", 'data: {"half"')).toEqual([{ data: "1", id: null }]);
  });

  it("may have lines that end in CRLF, and several of data", async () => {
    expect(await all("data: a\r\ndata:b\r\n\r\n")).toEqual([{ data: "a\nb", id: null }]);
  });

  it("let go of the connection when nobody wants more", async () => {
    let isLeft = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
      cancel: () => void (isLeft = true),
    });
    for await (const _ of frames(endless)) break;
    expect(isLeft).toBe(true);
  });
});
