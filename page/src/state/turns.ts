import type { Item, UserMessage } from "../protocol";

/** What a user said and everything that followed it; before the first message there may be items, too. */
export interface Turn {
  readonly key: string;
  readonly user: UserMessage | null;
  /** The user's message and all that followed. */
  readonly items: readonly Item[];
}

/** The items cut into turns. A turn whose items are the same as before is the same object as before. */
export function turnsOf(items: readonly Item[], before: readonly Turn[] = []): readonly Turn[] {
  const known = new Map(before.map((turn) => [turn.key, turn]));
  return grouped(items).map((turn) => {
    const old = known.get(turn.key);
    return old && isSame(old.items, turn.items) ? old : turn;
  });
}

function grouped(items: readonly Item[]): Turn[] {
  const turns: { key: string; user: UserMessage | null; items: Item[] }[] = [];
  for (const item of items) {
    const last = turns.at(-1);
    if (item.type === "user_message") turns.push({ key: item.id, user: item, items: [item] });
    else if (last) last.items.push(item);
    else turns.push({ key: item.id, user: null, items: [item] });
  }
  return turns;
}

function isSame(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, place) => item === other[place]);
}

/** The words of a turn's answer, as they are copied and read aloud: widgets bring theirs along. */
export function answerText(turn: Turn): string {
  return turn.items.flatMap(wordsOf).filter((text) => text.trim() !== "").join("\n\n");
}

function wordsOf(item: Item): readonly string[] {
  if (item.type === "widget") return [item.copy_text ?? ""];
  return item.type === "assistant_message" ? item.content.map((part) => part.text) : [];
}
