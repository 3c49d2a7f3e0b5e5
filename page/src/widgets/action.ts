import { isRecord } from "./values";

/** What shows that an action runs: on the control, on the whole widget, not at all, or as suits the control. */
export type LoadingBehavior = "auto" | "none" | "self" | "container";

/** An action as a component configures it, with the defaults filled in. */
export interface ActionConfig {
  readonly type: string;
  readonly payload?: unknown;
  readonly handler: "server" | "client";
  readonly loadingBehavior: LoadingBehavior;
  readonly streaming: boolean;
}

/** The detail of a `ck-action` event. */
export interface ActionRequest {
  readonly action: ActionConfig;
  readonly itemId: string;
  /** The widget shows that the action runs until this settles, either way. May be called more than once. */
  until(work: Promise<unknown>): void;
}

/** The action a property holds; undefined where it is none, so that the control does nothing. */
export function actionIn(value: unknown): ActionConfig | undefined {
  if (!isRecord(value) || typeof value.type !== "string" || value.type === "") return undefined;
  const { type, payload, handler, loadingBehavior, streaming } = value;
  return {
    type,
    payload: payload ?? undefined,
    handler: handler === "client" ? "client" : "server",
    loadingBehavior: BEHAVIORS.find((known) => known === loadingBehavior) ?? "auto",
    streaming: streaming !== false,
  };
}

const BEHAVIORS: readonly LoadingBehavior[] = ["auto", "none", "self", "container"];
