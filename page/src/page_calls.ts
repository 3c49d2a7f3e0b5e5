import type { ChatKitOptions, Entity } from "@openai/chatkit";
import type { WidgetAction } from "./chat/chat";
import type { PreviewAsked } from "./items/entity";
import type { WidgetItem } from "./protocol";

/** What the element asks of the page around it: the functions of its options, as they are at that moment. */
export class PageCalls {
  readonly #options: () => ChatKitOptions | null;

  constructor(options: () => ChatKitOptions | null) {
    this.#options = options;
  }

  /** What the page's tool gives. Raises what the tool raises, and where there is none. */
  async callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const handler = this.#options()?.onClientTool;
    if (!handler) throw new Error(`This page has no onClientTool handler, which the tool “${name}” needs.`);
    return await handler({ name, params: { ...args } });
  }

  /** Has the page carry out an action of a widget. Raises what it raises. */
  async act(action: WidgetAction, item: WidgetItem): Promise<void> {
    const handler = this.#options()?.widgets?.onAction;
    if (!handler) return;
    const [shown, widget] = [action, { id: item.id, widget: item.widget }] as unknown as Parameters<typeof handler>;
    await handler(shown, widget);
  }

  /** An entity was clicked. */
  choose(entity: object): void {
    this.#options()?.entities?.onClick?.(entity as Entity);
  }

  /** Shows the page's preview of an entity, if it has one. */
  async preview({ entity, show }: PreviewAsked): Promise<void> {
    const ask = this.#options()?.entities?.onRequestPreview;
    if (!ask) return;
    const found = await ask(entity as Entity).catch(() => null);
    show(found?.preview ?? null);
  }
}

/** `chatkit-link://name?key=value` as its name and data; null for other links. */
export function deepLink(href: string): { name: string; data: Record<string, string> } | null {
  const match = /^chatkit-link:\/\/([^?#]*)(\?[^#]*)?/i.exec(href);
  if (!match) return null;
  return { name: decoded(match[1] ?? "").replace(/\/$/, ""), data: Object.fromEntries(new URLSearchParams(match[2] ?? "")) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that means nothing
  }
}
