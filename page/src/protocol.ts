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
  readonly status?: ThreadStatus;
  readonly allowed_image_domains?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly items: Page<Item>;
}

/** Where a statement comes from; which of the fields below the title are there depends on the type. */
export interface Source {
  readonly type: "url" | "file" | "entity";
  readonly title: string;
  readonly description?: string | null;
  readonly timestamp?: string | null;
  readonly group?: string | null;
  /** Of a page of the web. */
  readonly url?: string;
  readonly attribution?: string | null;
  /** Of a file. */
  readonly filename?: string;
  /** Of a thing of the application. */
  readonly id?: string;
  readonly icon?: string | null;
  readonly label?: string | null;
  readonly inline_label?: string | null;
  readonly interactive?: boolean;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface Annotation {
  readonly type: "annotation";
  readonly index?: number | null;
  readonly source: Source;
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

/** One step of work: `custom`, `web_search`, `thought`, `file`, `image`, or a kind that is newer. */
export interface Task {
  readonly type: string;
  readonly status_indicator?: "none" | "loading" | "complete";
  readonly title?: string | null;
  readonly icon?: string | null;
  readonly content?: string | null;
  readonly title_query?: string | null;
  readonly queries?: readonly string[];
  readonly sources?: readonly Source[];
  readonly [field: string]: unknown;
}

export interface Workflow {
  readonly type?: "custom" | "reasoning";
  readonly tasks: readonly Task[];
  /** A title wins over a duration, which is in whole seconds. */
  readonly summary?: { readonly title?: string; readonly icon?: string | null; readonly duration?: number } | null;
  readonly expanded?: boolean;
  readonly [field: string]: unknown;
}

/** A question of a form: `multiple_choice` or `freeform`. */
export interface Question {
  readonly type: string;
  readonly id: string;
  readonly question: string;
  readonly answer?: Answered | null;
  readonly options?: readonly { readonly value: string; readonly [field: string]: unknown }[];
  readonly multiple?: boolean;
  readonly description?: string | null;
  readonly [field: string]: unknown;
}

export interface Answered {
  readonly values: readonly string[];
  readonly skipped: boolean;
}

/** What the user answers to a form, by the questions' ids. */
export interface Submission {
  readonly status: "answered" | "skipped";
  readonly answers: Readonly<Record<string, Answered>>;
}

interface ItemBase {
  readonly id: string;
  readonly thread_id: string;
  readonly created_at: string;
}

/** Text, or a tag: something that was mentioned. */
export interface UserContent {
  readonly type: string;
  readonly text: string;
  readonly id?: string;
  readonly group?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly interactive?: boolean;
  readonly [field: string]: unknown;
}

export interface SentAttachment {
  readonly type: "file" | "image";
  readonly id: string;
  readonly name: string;
  readonly mime_type: string;
  readonly preview_url?: string;
}

export interface UserMessage extends ItemBase {
  readonly type: "user_message";
  readonly content: readonly UserContent[];
  readonly attachments: readonly SentAttachment[];
  readonly quoted_text?: string | null;
  readonly inference_options?: InferenceOptions;
}

export interface InferenceOptions {
  readonly tool_choice?: { readonly id: string } | null;
  readonly model?: string | null;
}

/** A message as it is sent. */
export interface UserInput {
  readonly content: readonly UserContent[];
  readonly attachments: readonly string[];
  readonly quoted_text: string | null;
  readonly inference_options: InferenceOptions;
}

export interface AssistantMessage extends ItemBase {
  readonly type: "assistant_message";
  readonly content: readonly AnswerPart[];
}

export interface WidgetItem extends ItemBase {
  readonly type: "widget";
  readonly widget: Component;
  /** What a copy of it says. */
  readonly copy_text?: string | null;
}

export interface WorkflowItem extends ItemBase {
  readonly type: "workflow";
  readonly workflow: Workflow;
}

export interface TaskItem extends ItemBase {
  readonly type: "task";
  readonly task: Task;
}

export interface StructuredInputItem extends ItemBase {
  readonly type: "structured_input";
  readonly status: "pending" | "answered" | "skipped";
  readonly inputs: readonly Question[];
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
  readonly type: "end_of_turn";
  readonly [field: string]: unknown;
}

/** Items of kinds that are not listed arrive too; they are kept, and nobody draws them. */
export type Item =
  | UserMessage
  | AssistantMessage
  | WidgetItem
  | WorkflowItem
  | TaskItem
  | StructuredInputItem
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
