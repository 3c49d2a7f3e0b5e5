import type { Entity, UserMessageContent } from "@openai/chatkit";
import type { UserContent } from "../protocol";

/** Where in a text something is being mentioned: the words after the mark, and the place of the mark. */
export interface Mention {
  readonly start: number;
  readonly query: string;
}

const LONGEST = 60;

/** The mention that is being typed at the caret, if one is: `mark` stands at a word's beginning, and no line ends in it. */
export function mentionAt(text: string, caret: number, mark: "@" | "/"): Mention | null {
  const start = text.lastIndexOf(mark, caret - 1);
  if (start < 0 || caret - start > LONGEST) return null;
  const before = text[start - 1];
  const isAtWord = mark === "/" ? start === 0 : before === undefined || /[\s([{"'“‘]/.test(before);
  const query = text.slice(start + 1, caret);
  return isAtWord && !/\n|\s\s/.test(query) && !query.startsWith(" ") ? { start, query } : null;
}

/** Whether one of the entities stands there already, and what is typed now comes behind it. */
export function isMentioned(text: string, { start }: Mention, entities: readonly Entity[]): boolean {
  return text[start] === "@" && entities.some(({ title }) => title !== "" && text.startsWith(title, start + 1));
}

/** A stretch of the composer's text: plain, or what is mentioned in it. */
export interface Stretch {
  readonly text: string;
  readonly entity: Entity | null;
}

/** The text cut where one of the entities is mentioned by its title behind an `@`; longer titles win. */
export function stretches(text: string, entities: readonly Entity[]): readonly Stretch[] {
  const byLength = [...entities].sort((one, other) => other.title.length - one.title.length);
  const found: Stretch[] = [];
  let plain = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const entity = byLength.find(({ title }) => title && text.startsWith(title, at + 1));
    if (!entity) continue;
    if (at > plain) found.push({ text: text.slice(plain, at), entity: null });
    plain = at + 1 + entity.title.length;
    found.push({ text: text.slice(at, plain), entity });
    at = plain - 1;
  }
  if (plain < text.length) found.push({ text: text.slice(plain), entity: null });
  return found;
}

/** The text as the content of a message. */
export function contentOf(text: string, entities: readonly Entity[]): readonly UserContent[] {
  return stretches(text, entities).map(({ text, entity }) => (entity ? tagOf(entity) : { type: "input_text", text }));
}

function tagOf({ id, title, group, data, interactive }: Entity): UserContent {
  return { type: "input_tag", id, text: title, group: group ?? null, data: data ?? {}, interactive: interactive ?? false };
}

/** Content that the page gave, with what it may leave out and the protocol wants. */
export function sendable(content: readonly UserMessageContent[]): readonly UserContent[] {
  return content.map((part) => (part.type === "input_tag" ? { data: {}, interactive: false, ...part } : part));
}

/** Content that the page gave, as text and the entities in it. */
export function textOf(content: readonly UserMessageContent[]): { text: string; entities: readonly Entity[] } {
  const text = content.map((part) => (part.type === "input_tag" ? `@${part.text}` : part.text)).join("");
  const tags = content.filter((part) => part.type === "input_tag");
  return { text, entities: tags.map(entityOf) };
}

function entityOf(tag: Extract<UserMessageContent, { type: "input_tag" }>): Entity {
  const { id, text, group, data, interactive } = tag;
  return { id, title: text, ...(group && { group }), ...(interactive && { interactive }), data: (data ?? {}) as Record<string, string> };
}
