import type { Item, Thread, ThreadEvent } from "../protocol";
import { soundItem, soundItems, soundThread } from "./sound";
import { updated } from "./updates";

/** All that there is to see of one thread. Never changed in place. */
export interface Conversation {
  /** Null before the first message. */
  readonly thread: Omit<Thread, "items"> | null;
  /** Oldest first. */
  readonly items: readonly Item[];
  /** Whether there are older items than those. */
  readonly hasOlder: boolean;
  readonly answer: Answer | null;
  /** Shown above the composer until the next message. */
  readonly notices: readonly Notice[];
  readonly error: Failure | null;
}

/** The answer that is coming. */
export interface Answer {
  readonly mayStop: boolean;
  readonly progress: { readonly text: string; readonly icon: string | null } | null;
  /** Ids of items that have begun and not ended. */
  readonly open: readonly string[];
  /** Whether anything of it has arrived. */
  readonly hasEvents: boolean;
}

export interface Notice {
  readonly level: "info" | "warning" | "danger";
  readonly message: string;
  readonly title: string | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string | null;
  readonly mayRetry: boolean;
  /** What happened here, where it was not the server that told. */
  readonly cause?: Error;
}

export const EMPTY: Conversation = {
  thread: null,
  items: [],
  hasOlder: false,
  answer: null,
  notices: [],
  error: null,
};

const BEGUN: Answer = { mayStop: true, progress: null, open: [], hasEvents: false };

/** A thread as the server gives it, its oldest item first. */
export function loaded(thread: Thread): Conversation {
  const { items, ...rest } = thread;
  return { ...EMPTY, thread: soundThread(rest), items: soundItems(items.data), hasOlder: items.has_more };
}

/**
 * A thread that was loaded again. Older items than it begins with stay, and items that are the same stay the same objects,
 * so that nothing moves or is drawn again.
 */
export function reloaded(before: Conversation, now: Conversation): Conversation {
  const known = new Map(before.items.map((item) => [item.id, item]));
  const items = now.items.map((item) => {
    const old = known.get(item.id);
    return old && JSON.stringify(old) === JSON.stringify(item) ? old : item;
  });
  const older = before.items.findIndex((item) => item.id === items[0]?.id);
  if (older <= 0) return { ...now, items };
  return { ...now, items: [...before.items.slice(0, older), ...items], hasOlder: before.hasOlder };
}

/** Older items were loaded: they come before what is there, and each only once. */
export function withOlder(conversation: Conversation, older: readonly Item[], hasMore: boolean): Conversation {
  const known = new Set(conversation.items.map((item) => item.id));
  const fresh = soundItems(older).filter((item) => !known.has(item.id));
  return { ...conversation, items: [...fresh, ...conversation.items], hasOlder: hasMore };
}

/** A request was sent that is answered with a stream. */
export function begun(conversation: Conversation): Conversation {
  return { ...conversation, answer: BEGUN, notices: [], error: null };
}

/** The page itself does something for the answer, which goes on after it. */
export function working(conversation: Conversation): Conversation {
  return withAnswer(conversation, {});
}

/** The stream has ended, however it did. */
export function ended(conversation: Conversation): Conversation {
  return conversation.answer === null ? conversation : { ...conversation, answer: null };
}

/** The answer could not be followed to its end. */
export function failed(conversation: Conversation, cause: Error): Conversation {
  return { ...conversation, error: { code: "connection", message: cause.message, mayRetry: true, cause } };
}

/** An item came back changed from outside of a stream. */
export function replacedItem(conversation: Conversation, item: Item): Conversation {
  const sound = soundItem(item);
  return sound === null ? conversation : withItem(conversation, sound);
}

/** The conversation after one event. Events that it knows nothing of leave it as it is. */
export function after(conversation: Conversation, event: ThreadEvent): Conversation {
  return applied(conversation.answer?.hasEvents ? conversation : withAnswer(conversation, { hasEvents: true }), event);
}

function applied(conversation: Conversation, event: ThreadEvent): Conversation {
  switch (event.type) {
    case "thread.created":
    case "thread.updated": {
      const { items: _, ...thread } = event.thread;
      return { ...conversation, thread };
    }
    case "thread.item.added":
      return opened(withItem(conversation, event.item), event.item.id);
    case "thread.item.done":
    case "thread.item.replaced":
      return closed(withItem(conversation, event.item), event.item.id);
    case "thread.item.updated":
      return withUpdate(conversation, event.item_id, (item) => updated(item, event.update));
    case "thread.item.removed":
      return closed(without(conversation, event.item_id), event.item_id);
    case "stream_options":
      return withAnswer(conversation, { mayStop: event.stream_options.allow_cancel });
    case "progress_update":
      return withAnswer(conversation, { progress: { text: event.text, icon: event.icon ?? null } });
    case "notice": {
      const notice = { level: event.level, message: event.message, title: event.title ?? null };
      return { ...conversation, notices: [...conversation.notices, notice] };
    }
    case "error": {
      const error = { code: event.code, message: event.message ?? null, mayRetry: event.allow_retry };
      return { ...conversation, error };
    }
    default:
      return conversation;
  }
}

/** The item in its old place, else at the end. */
function withItem(conversation: Conversation, item: Item): Conversation {
  const place = placeOf(conversation, item.id);
  const items = place < 0 ? [...conversation.items, item] : conversation.items.with(place, item);
  return { ...conversation, items };
}

function withUpdate(conversation: Conversation, id: string, change: (item: Item) => Item): Conversation {
  const place = placeOf(conversation, id);
  const item = conversation.items[place];
  if (item === undefined) return conversation;
  const other = change(item);
  return other === item ? conversation : { ...conversation, items: conversation.items.with(place, other) };
}

function without(conversation: Conversation, id: string): Conversation {
  return { ...conversation, items: conversation.items.filter((item) => item.id !== id) };
}

/** From the end: what changes is nearly always the last. */
function placeOf(conversation: Conversation, id: string): number {
  return conversation.items.findLastIndex((item) => item.id === id);
}

function withAnswer(conversation: Conversation, changes: Partial<Answer>): Conversation {
  return { ...conversation, answer: { ...(conversation.answer ?? BEGUN), ...changes } };
}

function opened(conversation: Conversation, id: string): Conversation {
  const open = conversation.answer?.open ?? [];
  return open.includes(id) ? conversation : withAnswer(conversation, { open: [...open, id], progress: null });
}

function closed(conversation: Conversation, id: string): Conversation {
  const { answer } = conversation;
  if (answer === null || !answer.open.includes(id)) return conversation;
  return withAnswer(conversation, { open: answer.open.filter((other) => other !== id) });
}
