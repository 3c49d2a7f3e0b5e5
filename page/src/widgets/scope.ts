import type { TemplateResult, nothing } from "lit";
import type { Component } from "../protocol";
import type { Texts } from "../locale/texts";
import type { ActionConfig, LoadingBehavior } from "./action";

export type Drawing = TemplateResult | readonly Drawing[] | typeof nothing | unknown;

/** Where a component stands, and what it may ask of the widget it is in. */
export interface Scope {
  readonly host: Host;
  /** The keys from the root down: the same place in a later tree has the same path. */
  readonly path: string;
  readonly depth: number;
  /** Names the form around, so that what was typed stays with its field; empty outside forms. */
  readonly form: string;
  /** The children of a component, each in a scope below this one, in the form given or the same one. */
  children(component: Component, form?: string): Drawing;
  /** One component at a place of its own below this scope. */
  child(component: Component, key: string): Drawing;
}

/** The widget as its components see it. */
export interface Host {
  readonly texts: Texts;
  readonly disabled: boolean;
  /** Raised whenever something other than the components has changed what they look like. */
  readonly version: number;
  /** Whether an action that was started at the path shows there that it runs. */
  isPending(path: string): boolean;
  start(start: Start): void;
  /** What was typed into, or chosen in, a field since it was drawn first. */
  typed(form: string, name: string): string | boolean | undefined;
  type(form: string, name: string, value: string | boolean): void;
  /** Settles once what was changed is drawn. */
  readonly updateComplete: Promise<unknown>;
  /** Draws all components again, changed or not. */
  redraw(): void;
  /** An id for an element, the same for the same key. */
  idFor(key: string): string;
  /** Whether the person has opened something that is closed at first. */
  isOpen(path: string): boolean;
  open(path: string, isOpen: boolean): void;
}

/** An action about to be fired. */
export interface Start {
  readonly action: ActionConfig;
  readonly path: string;
  /** The element used: its form's values go along. */
  readonly element: Element;
  /** What `loadingBehavior: auto` means here. */
  readonly auto: Exclude<LoadingBehavior, "auto">;
  /** The value of a field that stands outside forms. */
  readonly own?: Readonly<Record<string, unknown>>;
  /** The form whose typed values are done with once the server has answered with another widget. */
  readonly submits?: string;
}

export type Draw = (component: Component, scope: Scope) => Drawing;
