import { describe, expect, it } from "vitest";
import { Client } from "../src/api/client";
import { Chat, type ChatHost } from "../src/chat/chat";
import { Threads } from "../src/chat/threads";
import type { Item, UserInput } from "../src/protocol";

const URL_ = "https://chat.example/chatkit";
const INPUT: UserInput = { content: [{ type: "input_text", text: "hi" }], attachments: [], quoted_text: null, inference_options: {} };

const base = { thread_id: "thr_1", created_at: "2026-01-01T00:00:00Z" };
const user = (id: string): Item => ({ ...base, id, type: "user_message", content: [{ type: "input_text", text: id }], attachments: [] });
const answer = (id: string, text = id): Item => ({ ...base, id, type: "assistant_message", content: [{ type: "output_text", text }] });
const call = (id: string): Item => ({ ...base, id, type: "client_tool_call", status: "pending", call_id: "c", name: "look", arguments: { at: 1 } });
const thread = (...data: Item[]) => ({ id: "thr_1", created_at: base.created_at, status: { type: "active" }, items: { data, has_more: false } });
const created = { type: "thread.created", thread: thread() };
const done = (item: Item) => ({ type: "thread.item.done", item });

const sse = (...events: object[]) =>
  new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""), { headers: { "content-type": "text/event-stream" } });
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const idle = () => new Response(null, { status: 204 });

interface Asked {
  readonly path: string;
  readonly type?: string;
  readonly params: Record<string, unknown>;
}

/** A chat whose server gives these answers, one after the other, and what it was asked. */
function chatting(answers: (Response | ((asked: Asked) => Response | Promise<Response>))[], host: Partial<ChatHost> = {}) {
  const asked: Asked[] = [];
  const told: string[] = [];
  const fake: typeof fetch = async (input, init) => {
    const body = init?.body ? (JSON.parse(String(init.body)) as { type: string; params: Record<string, unknown> }) : null;
    const request = { path: new URL(String(input)).pathname, ...(body && { type: body.type }), params: body?.params ?? {} };
    asked.push(request);
    const next = answers.shift();
    if (next === undefined) throw new Error(`unexpected ${JSON.stringify(request)}`);
    return typeof next === "function" ? next(request) : next;
  };
  const chat: Chat = new Chat(new Client({ url: URL_, fetch: fake }), {
    changed: () => undefined,
    threadChanged: (id) => void told.push(`thread ${id}`),
    loading: (_, isLoading) => void told.push(isLoading ? "load" : "loaded"),
    responding: (isResponding) => void told.push(isResponding ? "start" : "end"),
    failed: (error) => void told.push(`failed ${error.message}`),
    effect: (name) => void told.push(`effect ${name}`),
    received: () => undefined,
    callTool: async () => ({ found: true }),
    ...host,
  });
  return { chat, asked, told };
}

const ids = (chat: Chat) => chat.conversation.items.map(({ id }) => id);
const settled = async () => {
  for (let round = 0; round < 50; round += 1) await Promise.resolve();
};

describe("a chat", () => {
  it("begins a thread with the first message and goes on with it", async () => {
    const { chat, asked, told } = chatting([sse(created, done(user("u1")), done(answer("m1"))), sse(done(user("u2")), done(answer("m2")))]);
    await chat.send(INPUT);
    expect([ids(chat), chat.sending, chat.isResponding]).toEqual([["u1", "m1"], null, false]);
    await chat.send(INPUT);
    expect(asked.map(({ type, params }) => [type, params.thread_id])).toEqual([
      ["threads.create", undefined],
      ["threads.add_user_message", "thr_1"],
    ]);
    expect(ids(chat)).toEqual(["u1", "m1", "u2", "m2"]);
    expect(told).toEqual(["start", "thread thr_1", "end", "start", "end"]);
  });

  it("keeps a message out of the thread that was refused", async () => {
    const { chat, told } = chatting([json({ error: { message: "Too long." } }, 400)]);
    await expect(chat.send(INPUT)).rejects.toThrow("Too long.");
    expect([ids(chat), chat.sending, chat.isResponding, told]).toEqual([[], null, false, ["start", "end"]]);
  });

  it("opens a thread and joins the answer that runs in it, from its first event on", async () => {
    const running = answer("m1", "so far");
    const { chat, asked, told } = chatting([
      json(thread(user("u1"), running)),
      sse({ type: "thread.item.added", item: answer("m1", "") }, done(answer("m1", "so far and further"))),
    ]);
    await chat.open("thr_1");
    await settled();
    expect(asked[1]?.path).toBe("/threads/thr_1/stream");
    expect(chat.conversation.items).toMatchObject([{ id: "u1" }, { id: "m1", content: [{ text: "so far and further" }] }]);
    expect(told).toEqual(["load", "thread thr_1", "loaded", "start", "end"]);
  });

  it("shows the newest of a long thread, and older ones when asked", async () => {
    const long = { ...thread(user("old")), items: { data: [user("old")], has_more: true } };
    const { chat, asked } = chatting([
      json(long),
      json({ data: [answer("m9"), user("u9")], has_more: true }),
      idle(),
      json({ data: [user("u8"), answer("m7")], has_more: false }),
    ]);
    await chat.open("thr_1");
    await settled();
    expect([ids(chat), chat.conversation.hasOlder]).toEqual([["u9", "m9"], true]);
    await chat.loadOlder();
    expect(asked.at(-1)?.params).toMatchObject({ after: "u9", order: "desc" });
    expect([ids(chat), chat.conversation.hasOlder]).toEqual([["m7", "u8", "u9", "m9"], false]);
  });

  it("runs a tool of the page and goes on with its result", async () => {
    const { chat, asked } = chatting([sse(created, done(user("u1")), done(call("c1"))), sse(done(answer("m1")))]);
    await chat.send(INPUT);
    expect(asked[1]).toMatchObject({ type: "threads.add_client_tool_output", params: { thread_id: "thr_1", result: { found: true } } });
    expect(chat.conversation.items).toMatchObject([{}, { status: "completed" }, { id: "m1" }]);
  });

  it("does not run a tool again whose call is found in an old thread", async () => {
    const { chat, asked } = chatting([json(thread(user("u1"), call("c1"))), idle()]);
    await chat.open("thr_1");
    await settled();
    expect(asked.length).toBe(2);
  });

  it("takes the old answer away for another one, and brings it back where that is refused", async () => {
    const { chat } = chatting([sse(created, done(user("u1")), done(answer("m1"))), json({ error: { message: "Busy." } }, 409)]);
    await chat.send(INPUT);
    const again = chat.retry("u1");
    expect(ids(chat)).toEqual(["u1"]);
    await expect(again).rejects.toThrow("Busy.");
    expect([ids(chat), chat.isResponding]).toEqual([["u1", "m1"], false]);
  });

  it("loads what became of an answer that ended out of sight", async () => {
    const cut = () => new Response(new ReadableStream({ start: (stream) => void broken(stream) }), { headers: { "content-type": "text/event-stream" } });
    const broken = (stream: ReadableStreamDefaultController) => {
      stream.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(created)}\n\n`));
      setTimeout(() => stream.error(new TypeError("network")), 0);
    };
    const { chat } = chatting([cut(), idle(), json(thread(user("u1"), answer("m1")))]);
    await chat.send(INPUT);
    expect([ids(chat), chat.isConnected]).toEqual([["u1", "m1"], true]);
  });

  it("stops an answer as soon as it has a thread", async () => {
    const cancels: string[] = [];
    let end: () => void = () => undefined;
    const { chat } = chatting([
      () =>
        new Response(
          new ReadableStream({
            async start(stream) {
              await settled();
              stream.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(created)}\n\n`));
              end = () => stream.close();
            },
          }),
          { headers: { "content-type": "text/event-stream" } },
        ),
      ({ path }) => (cancels.push(path), end(), json({ status: "cancelled" })),
    ]);
    const sending = chat.send(INPUT);
    await chat.stop();
    await sending;
    expect(cancels).toEqual(["/threads/thr_1/cancel"]);
  });

  it("replaces a widget by what a synchronous action gives", async () => {
    const widget = (value: string): Item => ({ ...base, id: "w1", type: "widget", widget: { type: "Card", value } });
    const { chat, asked } = chatting([sse(created, done(widget("old"))), json({ updated_item: widget("new") })]);
    await chat.send(INPUT);
    await chat.act({ type: "go", payload: { a: 1 } }, "w1", false);
    expect(asked[1]).toMatchObject({
      type: "threads.sync_custom_action",
      params: { thread_id: "thr_1", item_id: "w1", action: { type: "go", payload: { a: 1 } } },
    });
    expect(chat.conversation.items).toMatchObject([{ widget: { value: "new" } }]);
  });

  it("carries out actions after the answer that is coming, one after the other", async () => {
    let end: () => void = () => undefined;
    const open = new ReadableStream({
      start(stream) {
        for (const event of [created, done(user("u1"))]) stream.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
        end = () => stream.close();
      },
    });
    const { chat, asked } = chatting([
      new Response(open, { headers: { "content-type": "text/event-stream" } }),
      () => (expect(chat.conversation.items.length).toBe(1), sse(done(answer("m2")))),
      () => (expect(chat.conversation.items.length).toBe(2), sse(done(answer("m3")))),
    ]);
    const sending = chat.send(INPUT);
    await settled();
    const acting = [chat.act({ type: "one" }, null), chat.act({ type: "two" }, null)];
    await settled();
    expect([asked.length, ids(chat)]).toEqual([1, ["u1"]]);
    end();
    await sending;
    await Promise.all(acting);
    expect(asked.slice(1).map(({ params }) => (params.action as { type: string }).type)).toEqual(["one", "two"]);
    expect(ids(chat)).toEqual(["u1", "m2", "m3"]);
  });

  it("sends messages that are asked for at once one after the other", async () => {
    const { chat, told } = chatting([sse(created, done(user("u1"))), sse(done(user("u2"))), sse(done(user("u3")))]);
    await Promise.all([1, 2, 3].map(() => chat.whenQuiet(() => chat.send(INPUT))));
    expect(ids(chat)).toEqual(["u1", "u2", "u3"]);
    expect(told.filter((each) => each === "start" || each === "end").join(" ")).toBe("start end start end start end");
  });

  it("carries out no action in a thread that was left meanwhile", async () => {
    const { chat, asked } = chatting([() => new Promise<Response>(() => undefined)]);
    void chat.send(INPUT).catch(() => undefined);
    chat.conversation = { ...chat.conversation, thread: { id: "thr_1", created_at: base.created_at } };
    const acting = [chat.act({ type: "one" }, null), chat.act({ type: "two" }, null)].map((each) => each.catch((error: Error) => error.name));
    chat.leave();
    expect(await Promise.all(acting)).toEqual(["AbortError", "AbortError"]);
    expect(asked.length).toBe(1);
  });

  it("does nothing with a thread that is not there yet", async () => {
    const { chat } = chatting([]);
    await expect(chat.act({ type: "x" }, null)).rejects.toThrow("no conversation yet");
    await chat.refresh();
    await chat.loadOlder();
  });

  it("forgets what a thread was about to say when another one is opened", async () => {
    const { chat } = chatting([() => new Promise<Response>(() => undefined), json(thread(user("u2"))), idle()]);
    void chat.open("thr_0");
    await chat.open("thr_1");
    expect(ids(chat)).toEqual(["u2"]);
  });
});

describe("the threads", () => {
  const listed = (...names: string[]) => names.map((id) => ({ ...thread(), id, title: `About ${id}` }));
  const talking = (...answers: Response[]) => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input, init) => {
      asked.push(init?.body ? String(init.body) : String(input));
      return answers.shift() ?? json({}, 404);
    };
    return { threads: new Threads(new Client({ url: URL_, fetch: fake }), () => undefined), asked };
  };

  it("come page by page, each once", async () => {
    const { threads, asked } = talking(
      json({ data: listed("a", "b"), has_more: true, after: "b" }),
      json({ data: listed("b", "c"), has_more: false }),
    );
    await threads.load();
    expect(threads.hasMore).toBe(true);
    await threads.loadMore();
    expect([threads.list.map(({ id }) => id), threads.hasMore]).toEqual([["a", "b", "c"], false]);
    expect(asked[1]).toContain('"after":"b"');
  });

  it("are searched by the server, else by their titles", async () => {
    const { threads } = talking(
      json({ data: listed("a", "b"), has_more: false }),
      json({ data: [{ thread: listed("z")[0], snippet: [{ text: "zed", is_match: true }] }], has_more: false }),
    );
    await threads.load();
    await threads.search("zed");
    expect(threads.found?.map(({ thread }) => thread.id)).toEqual(["z"]);
    await threads.search("ABOUT B");
    expect(threads.found?.map(({ thread }) => thread.id)).toEqual(["b"]);
    await threads.search(" ");
    expect(threads.found).toBeNull();
  });

  it("say what went wrong, and are there again later", async () => {
    const { threads } = talking(json({ error: { message: "Not now." } }, 503), json({ data: listed("a"), has_more: false }));
    await threads.load();
    expect([threads.error?.message, threads.isLoading]).toEqual(["Not now.", false]);
    await threads.load();
    expect([threads.error, threads.list.length]).toEqual([null, 1]);
  });
});
