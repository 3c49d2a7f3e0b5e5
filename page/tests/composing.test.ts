import { describe, expect, it } from "vitest";
import { Files } from "../src/chat/files";
import { contentOf, mentionAt, stretches, textOf } from "../src/chat/mentions";
import { Drafts } from "../src/chat/drafts";
import { suggestions } from "../src/chat/suggest";
import { ENGLISH } from "../src/locale/texts";
import type { SentAttachment } from "../src/protocol";

const berlin = { id: "1", title: "Berlin" };
const berlinWest = { id: "2", title: "Berlin West", group: "places", data: { size: "big" } };

describe("mentions", () => {
  it.each([
    ["@", 1, { start: 0, query: "" }],
    ["hello @ber", 10, { start: 6, query: "ber" }],
    ["(@ber", 5, { start: 1, query: "ber" }],
    ["mail@ber", 8, null],
    ["@ ber", 5, null],
    ["@ber\nlin", 8, null],
    ["@berlin west", 12, { start: 0, query: "berlin west" }],
    ["x", 1, null],
  ])("are looked for in %j", (text, caret, expected) => {
    expect(mentionAt(text, caret, "@")).toEqual(expected);
  });

  it("of commands stand only at the beginning", () => {
    expect(mentionAt("/help", 5, "/")).toEqual({ start: 0, query: "help" });
    expect(mentionAt("and /help", 9, "/")).toBeNull();
  });

  it("become tags, the longer title first", () => {
    expect(contentOf("to @Berlin West and @Berlin, @Rome", [berlin, berlinWest])).toEqual([
      { type: "input_text", text: "to " },
      { type: "input_tag", id: "2", text: "Berlin West", group: "places", data: { size: "big" }, interactive: false },
      { type: "input_text", text: " and " },
      { type: "input_tag", id: "1", text: "Berlin", group: null, data: {}, interactive: false },
      { type: "input_text", text: ", @Rome" },
    ]);
  });

  it("are plain text again when they are broken", () => {
    expect(contentOf("to @Berl", [berlin])).toEqual([{ type: "input_text", text: "to @Berl" }]);
    expect(stretches("", [berlin])).toEqual([]);
  });

  it("come from content that the page gives, and go back to the same", () => {
    const content = [{ type: "input_text" as const, text: "see " }, { type: "input_tag" as const, id: "1", text: "Berlin" }];
    const { text, entities } = textOf(content);
    expect(text).toBe("see @Berlin");
    expect(contentOf(text, entities)).toMatchObject(content);
  });
});

describe("suggestions", () => {
  const done: string[] = [];
  const from = {
    entities: { onTagSearch: async (query: string) => [{ id: "1", title: `Found ${query}` }] },
    commands: {
      enabled: true,
      onSearch: async () => [{ id: "c", label: "Colours" }],
      onSelect: async () => ({ type: "menu" as const, commands: [{ id: "r", label: "Red" }, { id: "b", label: "Blue" }] }),
    },
    mention: (entity: { title: string }) => void done.push(`mention ${entity.title}`),
    replace: (text: string) => void done.push(`replace ${text}`),
    show: (further: readonly { label: string }[]) => void done.push(`show ${further.map(({ label }) => label).join()}`),
    attach: { label: "Add files", run: () => void done.push("attach") },
    tools: [],
  };

  it("are the entities that the page finds", async () => {
    const [found] = await suggestions("@", "x", from);
    found?.choose();
    expect(done.splice(0)).toEqual(["mention Found x"]);
  });

  it("are the page's commands and what the composer can do, and may lead further", async () => {
    const found = await suggestions("/", "", from);
    expect(found.map(({ label }) => label)).toEqual(["Colours", "Add files"]);
    for (const each of found) each.choose();
    await Promise.resolve();
    await Promise.resolve();
    expect(done.splice(0).sort()).toEqual(["attach", "replace ", "show Red,Blue"]);
  });
});

describe("files", () => {
  const attachment = (name: string): SentAttachment => ({ type: "file", id: `atc_${name}`, name, mime_type: "text/plain" });
  const sending = async (file: File) => attachment(file.name);
  const text = (name: string, size = 1) => new File(["x".repeat(size)], name, { type: "text/plain" });

  it("are uploaded, and tell that they are", async () => {
    let changes = 0;
    const files = new Files(() => (changes += 1));
    const adding = files.add([text("a.txt"), text("b.txt")], { enabled: true }, ENGLISH, sending);
    expect(files.isUploading).toBe(true);
    expect(await adding).toEqual([]);
    expect([files.isUploading, files.attachments.map(({ id }) => id)]).toEqual([false, ["atc_a.txt", "atc_b.txt"]]);
    expect(changes).toBeGreaterThan(3);
  });

  it.each([
    [{ maxSize: 2 }, "is too large"],
    [{ maxSize: { "text/*": 2, "*": 99 } }, "is too large"],
    [{ maxCount: 0 }, "up to 0 files"],
    [{ accept: { "image/*": [".png"] } }, "of a kind"],
  ])("are refused by %j", async (limits, words) => {
    const files = new Files(() => undefined);
    const refused = await files.add([text("a.txt", 3)], { enabled: true, ...limits }, ENGLISH, sending);
    expect(refused.join()).toContain(words);
    expect(files.list).toEqual([]);
  });

  it.each([
    [{ accept: { "text/plain": [] } }],
    [{ accept: { "application/x-other": [".TXT"] } }],
    [{ maxSize: { "image/*": 1 } }],
    [{ maxSize: { "": 99 } }],
  ])("are taken by %j", async (limits) => {
    const files = new Files(() => undefined);
    expect(await files.add([text("a.txt", 3)], { enabled: true, ...limits }, ENGLISH, sending)).toEqual([]);
  });

  it("that could not be sent are named with the reason, and those taken back are not", async () => {
    const files = new Files(() => undefined);
    const failing = () => Promise.reject(new Error("The disk is full."));
    expect(await files.add([text("a.txt")], { enabled: true }, ENGLISH, failing)).toEqual(["a.txt: The disk is full."]);
    const waiting = (_: File, __: unknown, signal: AbortSignal) =>
      new Promise<SentAttachment>((_, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
    const adding = files.add([text("b.txt")], { enabled: true }, ENGLISH, waiting);
    files.clear();
    expect([await adding, files.list]).toEqual([[], []]);
  });
});

describe("sizes", () => {
  it.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [1000, "1 kB"],
    [999_999, "1,000 kB"],
    [2_500_000, "2.5 MB"],
  ])("of %d bytes are read as %s", (bytes, text) => {
    expect(ENGLISH.size(bytes)).toBe(text);
  });
});

describe("drafts", () => {
  it("are kept by server and thread", () => {
    const drafts = new Drafts("https://a.example/chatkit");
    drafts.save("thr_1", "half a");
    drafts.save(null, "new");
    expect([drafts.load("thr_1"), drafts.load(null), drafts.load("thr_2")]).toEqual(["half a", "new", ""]);
    expect(new Drafts("https://b.example/chatkit").load("thr_1")).toBe("");
    drafts.save("thr_1", "");
    expect(drafts.load("thr_1")).toBe("");
  });
});
