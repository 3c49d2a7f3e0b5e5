import type { AnswerPart, Annotation, Item, Thread, ThreadEvent, Update, UserContent } from "../protocol";

/**
 * What arrives, with fields that are missing or of another type put right, so that one bad event or item takes
 * nothing else along. Whoever comes after may rely on the types in `protocol.ts`, down to where the elements read
 * for themselves (tasks, questions, widgets).
 */

type Raw = Readonly<Record<string, unknown>>;

/** Of a kind that nobody knows, and so without effect. */
const NOTHING = { type: "" } as unknown as ThreadEvent;

export function soundEvent(given: unknown): ThreadEvent {
  const event = shallow(given);
  if (!isRaw(event) || typeof event.type !== "string") return NOTHING;
  const read = Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type] : undefined;
  return ((read === undefined ? event : read(event)) ?? NOTHING) as ThreadEvent;
}

/** Those that have a kind and an id. */
export function soundItems(items: unknown): readonly Item[] {
  return Array.isArray(items) ? items.map((item) => soundItem(shallow(item))).filter((item) => item !== null) : [];
}

export function soundItem(item: unknown): Item | null {
  if (!isRaw(item) || typeof item.type !== "string" || typeof item.id !== "string" || item.id === "") return null;
  const read = Object.hasOwn(ITEMS, item.type) ? ITEMS[item.type] : undefined;
  return { ...item, ...read?.(item) } as unknown as Item;
}

export function soundThread<T extends Omit<Thread, "items">>(thread: T): T {
  const { status, allowed_image_domains: domains } = thread as Raw;
  return {
    ...thread,
    title: textOrNull(thread.title),
    status: isRaw(status) ? { ...status, reason: textOrNull(status.reason) } : { type: "active" },
    ...(domains !== undefined && { allowed_image_domains: Array.isArray(domains) ? domains.filter(isText) : null }),
  };
}

type Read = (raw: Raw) => Raw | null;

const withItem: Read = (event) => {
  const item = soundItem(event.item);
  return item === null ? null : { ...event, item };
};

const withThread: Read = ({ thread, ...event }) =>
  isRaw(thread) && isText(thread.id) ? { ...event, thread: soundThread(thread as unknown as Thread) } : null;

const EVENTS: Readonly<Record<string, Read>> = {
  "thread.created": withThread,
  "thread.updated": withThread,
  "thread.item.added": withItem,
  "thread.item.done": withItem,
  "thread.item.replaced": withItem,
  "thread.item.updated": (event) => {
    const update = soundUpdate(event.update);
    return update === null ? null : { ...event, update };
  },
  stream_options: (event) => (isRaw(event.stream_options) ? event : null),
  progress_update: (event) => ({ ...event, text: textOf(event.text), icon: textOrNull(event.icon) }),
  client_effect: (event) => (isText(event.name) ? event : null),
  notice: (event) => ({ ...event, level: textOf(event.level), message: textOf(event.message), title: textOrNull(event.title) }),
  error: (event) => ({
    ...event,
    code: textOf(event.code),
    message: textOrNull(event.message),
    allow_retry: event.allow_retry === true,
  }),
};

const ITEMS: Readonly<Record<string, (item: Raw) => Raw>> = {
  user_message: ({ content, attachments, quoted_text: quote }) => ({
    content: list(content).map((part): UserContent => ({ ...part, type: textOf(part.type), text: textOf(part.text) })),
    attachments: list(attachments),
    quoted_text: textOrNull(quote),
  }),
  assistant_message: ({ content }) => ({ content: list(content).map(soundPart) }),
  widget: ({ widget, copy_text: words }) => ({
    widget: isRaw(widget) && isText(widget.type) ? widget : { type: "Basic" },
    copy_text: textOrNull(words),
  }),
  workflow: ({ workflow }) => {
    const known = isRaw(workflow) ? workflow : {};
    return { workflow: { ...known, tasks: list(known.tasks) } };
  },
  client_tool_call: ({ name, arguments: args }) => ({ name: textOf(name), arguments: isRaw(args) ? args : {} }),
};

/** More parts or tasks than this nobody sends; a wrong number must not fill the memory. */
const MOST = 10_000;

function soundUpdate(update: unknown): Update | null {
  if (!isRaw(update) || !isText(update.type)) return null;
  const places = [update.content_index, update.task_index, update.annotation_index];
  if (!places.every((place) => place === undefined || isPlace(place))) return null;
  const read = Object.hasOwn(UPDATES, update.type) ? UPDATES[update.type] : undefined;
  return (read === undefined ? update : read(update)) as Update | null;
}

const withPart: Read = (update) => ({ ...update, content: soundPart(isRaw(update.content) ? update.content : {}) });
const withDelta: Read = (update) => (isText(update.delta) ? update : null);
const withTask: Read = (update) => (isRaw(update.task) ? update : null);

const UPDATES: Readonly<Record<string, Read>> = {
  "assistant_message.content_part.added": withPart,
  "assistant_message.content_part.done": withPart,
  "assistant_message.content_part.text_delta": withDelta,
  "assistant_message.content_part.annotation_added": (update) => {
    const annotation = soundAnnotation(update.annotation);
    return annotation === null ? null : { ...update, annotation };
  },
  "widget.streaming_text.value_delta": withDelta,
  "widget.root.updated": (update) => (isRaw(update.widget) && isText(update.widget.type) ? update : null),
  "widget.component.updated": (update) => (isRaw(update.component) && isText(update.component.type) ? update : null),
  "workflow.task.added": withTask,
  "workflow.task.updated": withTask,
  "generated_image.updated": (update) => (isRaw(update.image) ? update : null),
};

function soundPart(part: Raw): AnswerPart {
  const annotations = list(part.annotations).map(soundAnnotation).filter((annotation) => annotation !== null);
  return { ...part, type: "output_text", text: textOf(part.text), annotations };
}

function soundAnnotation(annotation: unknown): Annotation | null {
  if (!isRaw(annotation) || !isRaw(annotation.source)) return null;
  const { index, source } = annotation;
  const title = textOf(source.title);
  return { ...annotation, index: typeof index === "number" ? index : null, source: { ...source, title } } as unknown as Annotation;
}

/** Deeper nobody nests, nor draws; who walks through a tree needs a stack for it. */
const DEEPEST = 300;

/** The value, without what is in it deeper down. */
function shallow(value: unknown): unknown {
  return isDeeper(value, DEEPEST) ? cut(value, DEEPEST) : value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function cut(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return null;
  if (Array.isArray(value)) return value.map((inner: unknown) => cut(inner, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner, levels - 1)]));
}

function list(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.filter(isRaw) : [];
}

function isRaw(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isPlace(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MOST;
}

function textOf(value: unknown): string {
  return isText(value) ? value : "";
}

function textOrNull(value: unknown): string | null {
  return isText(value) ? value : null;
}
