/**
 * What the published interface has, against the table of what is tested of it: `npm run check` fails when either has a
 * name that the other has not. That the element implements the interface says its class; what it may tell, `#tell`.
 */
import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import table from "../../tests/page/interface.json";
import type { ChatKitElement } from "../src/element";

/** Takes only the empty union, so that the compiler names what is in it. */
type None<T extends never> = T;
type Leaf = string | number | boolean | null | undefined | ((...given: never[]) => unknown);

/** The names of everything in a type, with dots, through lists and unions; not of what has any name it likes. */
type Paths<T> = T extends Leaf
  ? never
  : T extends readonly (infer Item)[]
    ? Paths<Item>
    : string extends keyof T
      ? never
      : { [K in keyof T & string]-?: Named<K, Paths<NonNullable<T[K]>>> }[keyof T & string];
type Named<K extends string, Inner extends string> = [Inner] extends [never] ? K : `${K}.${Inner}`;

type Own = Exclude<keyof OpenAIChatKit, keyof HTMLElement>;
/** Methods, and the fields of what they take. */
type Methods = Own | { [K in Own]: OpenAIChatKit[K] extends (first: infer P, ...rest: never[]) => unknown ? Fields<K, P> : never }[Own];
type Fields<K extends string, P> = K extends "sendUserMessage" | "setComposerValue" ? `${K}.${keyof P & string}` : never;

type Untested<Published, Tested> = Exclude<Published, keyof Tested>;
type Invented<Published, Tested> = Exclude<keyof Tested, Published>;

export type Checked = [
  None<Untested<Methods, typeof table.methods>>,
  None<Invented<Methods, typeof table.methods>>,
  None<Untested<keyof ChatKitEvents, typeof table.events>>,
  None<Invented<keyof ChatKitEvents, typeof table.events>>,
  None<Untested<Paths<ChatKitOptions>, typeof table.options>>,
  None<Invented<Paths<ChatKitOptions>, typeof table.options>>,
];

/** An element is one of theirs wherever a page wants one. */
export const published = (element: ChatKitElement): OpenAIChatKit => element;
