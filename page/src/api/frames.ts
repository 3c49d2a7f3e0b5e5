/** One server-sent event (WHATWG HTML, 9.2.6), as far as the protocol uses them. */
export interface Frame {
  readonly data: string;
  /** Its number, where the server numbers them: on re-attached streams. */
  readonly id: string | null;
}

/** The events of a response, in order, however the network cuts it. Comments say only that somebody is there. */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const frame = read(block);
        if (frame !== null) yield frame;
      }
    }
  } finally {
    // whoever stops reading leaves: the connection is not kept for nothing
    await reader.cancel().catch(() => undefined);
  }
}

function read(block: string): Frame | null {
  const data: string[] = [];
  let id: string | null = null;
  for (const line of block.split(/\r?\n/)) {
    const [name, value] = fieldOf(line);
    if (name === "data") data.push(value);
    if (name === "id") id = value;
  }
  return data.length ? { data: data.join("\n"), id } : null;
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
