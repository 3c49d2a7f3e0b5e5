/** The protocol as a client sees it: what arrives, with room for what newer servers add. */

export interface Page<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly after?: string | null;
}

export interface ThreadStatus {
  readonly type: "active" | "locked" | "closed";
  readonly reason?: string | null;
}

export interface Thread {
  readonly id: string;
  readonly title?: string | null;
  readonly created_at: string;
  readonly status: ThreadStatus;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly items: Page<Item>;
}

export interface Annotation {
  readonly type: "annotation";
  readonly index?: number | null;
  readonly source: { readonly type: "url" | "file" | "entity"; readonly title: string; readonly [field: string]: unknown };
}

export interface AnswerPart {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations?: readonly Annotation[];
}

export interface Component {
  readonly type: string;
  readonly id?: string;
  readonly key?: string;
  readonly children?: Component | readonly Component[];
  readonly [field: string]: unknown;
}

export interface Task {
  readonly type: string;
  readonly status_indicator?: "none" | "loading" | "complete";
  readonly [field: string]: unknown;
}

interface ItemBase {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
}

export interface UserMessage extends ItemBase {
  readonly type: "user_message";
  readonly content: readonly { readonly type: string; readonly text: string; readonly [field: string]: unknown }[];
  readonly attachments: readonly { readonly id: string; readonly name: string; readonly [field: string]: unknown }[];
  readonly quoted_text?: string | null;
}

export interface AssistantMessage extends ItemBase {
  readonly type: "assistant_message";
  readonly content: readonly AnswerPart[];
}

export interface WidgetItem extends ItemBase {
  readonly type: "widget";
  readonly widget: Component;
}

export interface WorkflowItem extends ItemBase {
  readonly type: "workflow";
  readonly workflow: { readonly tasks: readonly Task[]; readonly [field: string]: unknown };
}

export interface GeneratedImage extends ItemBase {
  readonly type: "generated_image";
  readonly image?: { readonly id: string; readonly url: string } | null;
  readonly progress?: number | null;
}

export interface ClientToolCall extends ItemBase {
  readonly type: "client_tool_call";
  readonly status: "pending" | "completed";
  readonly call_id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface OtherItem extends ItemBase {
  readonly type: "task" | "structured_input" | "end_of_turn";
  readonly [field: string]: unknown;
}

/** Items of kinds that are not listed arrive too; they are kept, and nobody draws them. */
export type Item =
  | UserMessage
  | AssistantMessage
  | WidgetItem
  | WorkflowItem
  | GeneratedImage
  | ClientToolCall
  | OtherItem;

export interface Update {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type ThreadEvent =
  | { readonly type: "thread.created" | "thread.updated"; readonly thread: Thread }
  | { readonly type: "thread.item.added" | "thread.item.done" | "thread.item.replaced"; readonly item: Item }
  | { readonly type: "thread.item.updated"; readonly item_id: string; readonly update: Update }
  | { readonly type: "thread.item.removed"; readonly item_id: string }
  | { readonly type: "stream_options"; readonly stream_options: { readonly allow_cancel: boolean } }
  | { readonly type: "progress_update"; readonly icon?: string | null; readonly text: string }
  | { readonly type: "client_effect"; readonly name: string; readonly data?: Readonly<Record<string, unknown>> }
  | { readonly type: "notice"; readonly level: "info" | "warning" | "danger"; readonly message: string; readonly title?: string | null }
  | { readonly type: "error"; readonly code: string; readonly message?: string | null; readonly allow_retry: boolean };
