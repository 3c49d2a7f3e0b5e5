import { describe, expect, it } from "vitest";
import { ApiError, Client } from "../src/api/client";

type Answer = Response | (() => Response);

function talking(...answers: Answer[]) {
  const asked: Request[] = [];
  const fake: typeof fetch = async (input, init) => {
    asked.push(new Request(input instanceof URL ? input.href : input, init));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("offline");
    return typeof answer === "function" ? answer() : answer;
  };
  return { asked, fake };
}

const URL_ = "https://chat.example/api/chatkit";
const refused = (status: number, message: string, code = "") =>
  new Response(JSON.stringify({ error: { message, code } }), { status });
const streamed = (text: string) =>
  new Response(text, { headers: { "content-type": "text/event-stream; charset=utf-8", "chatkit-turn-id": "trn_1" } });

describe("the client", () => {
  it("asks an operation", async () => {
    const { asked, fake } = talking(new Response('{"data":[]}'));
    const client = new Client({ url: URL_, fetch: fake });
    expect(await client.ask("threads.list", { limit: 5 })).toEqual({ data: [] });
    expect([asked[0]?.method, asked[0]?.url]).toEqual(["POST", URL_]);
    expect(await asked[0]?.json()).toEqual({ type: "threads.list", params: { limit: 5 } });
  });

  it("begins a stream that goes on without it, under a key", async () => {
    const { asked, fake } = talking(streamed('data: {"type":"notice","level":"info","message":"hi"}\n\n'));
    const stream = await new Client({ url: URL_, fetch: fake }).stream("threads.create", {}, "key-1");
    const events = [];
    for await (const event of stream.events) events.push(event);
    expect(events).toEqual([{ type: "notice", level: "info", message: "hi" }]);
    expect(stream.turn).toBe("trn_1");
    expect(asked[0]?.headers.get("chatkit-resume")).toBe("1");
    expect(asked[0]?.headers.get("idempotency-key")).toBe("key-1");
  });

  it("joins a running answer where it left off, and knows when there is none", async () => {
    const { asked, fake } = talking(streamed("id: 8\ndata: {}\n\n"), new Response(null, { status: 204 }));
    const client = new Client({ url: URL_, fetch: fake });
    expect(await client.attach("thr/1", 7)).not.toBeNull();
    expect(await client.attach("thr/1", 7)).toBeNull();
    expect(asked[0]?.url).toBe("https://chat.example/api/threads/thr%2F1/stream?after=7");
  });

  it("stops an answer, and says where that cannot be said", async () => {
    const { asked, fake } = talking(new Response("{}"), refused(404, "no such route"), refused(500, "broken"));
    const client = new Client({ url: URL_, fetch: fake });
    expect([await client.cancel("t"), await client.cancel("t")]).toEqual([true, false]);
    await expect(client.cancel("t")).rejects.toThrow("broken");
    expect(asked[0]?.url).toBe("https://chat.example/api/threads/t/cancel");
  });

  it("tells in the server's words what was wrong", async () => {
    const { fake } = talking(refused(409, "An answer is still coming.", "conflict"));
    const failure = await new Client({ url: URL_, fetch: fake }).ask("x", {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ message: "An answer is still coming.", status: 409, code: "conflict" });
  });

  it("says when nobody answers, and lets those who leave leave", async () => {
    const { fake } = talking();
    await expect(new Client({ url: URL_, fetch: fake }).ask("x", {})).rejects.toThrow("cannot be reached");
    const leaving: typeof fetch = () => Promise.reject(new DOMException("gone", "AbortError"));
    await expect(new Client({ url: URL_, fetch: leaving }).ask("x", {})).rejects.toMatchObject({ name: "AbortError" });
  });

  it("shows its token, and asks for another one when that is refused", async () => {
    const { asked, fake } = talking(refused(401, "expired"), new Response("{}"), new Response("{}"));
    const given: (string | null)[] = [];
    const token = async (old: string | null) => (given.push(old), old === null ? "first" : "second");
    const client = new Client({ url: URL_, fetch: fake, token });
    await client.ask("x", {});
    await client.ask("x", {});
    expect(given).toEqual([null, "first"]);
    expect(asked.map((request) => request.headers.get("authorization"))).toEqual([
      "Bearer first",
      "Bearer second",
      "Bearer second",
    ]);
  });
});
