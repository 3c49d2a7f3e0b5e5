import type { Source, UserContent } from "../protocol";
import { text } from "./read";

/** A thing that the application knows, as its page is told of it when somebody asks for it. */
export interface Entity {
  readonly id: string;
  readonly title: string;
  readonly icon?: string;
  readonly group?: string;
  readonly interactive?: boolean;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An entity was chosen (`ck-entity`). */
export interface EntityChosen {
  readonly entity: Entity;
}

/** Somebody looks at an entity (`ck-preview`): whoever has a preview of it calls `show` with the widget. */
export interface PreviewAsked {
  readonly entity: Entity;
  readonly show: (root: object | null) => void;
}

export function entityOfSource(source: Source): Entity {
  return entity(source, text(source.title));
}

/** The thing that a user mentioned in a message. */
export function entityOfTag(tag: UserContent): Entity {
  return entity(tag, tag.text);
}

function entity(fields: Source | UserContent, title: string): Entity {
  const { group, data } = fields;
  const icon = "icon" in fields ? fields.icon : undefined;
  return {
    id: text(fields.id),
    title,
    ...(text(icon) && { icon: text(icon) }),
    ...(text(group) && { group: text(group) }),
    interactive: fields.interactive === true,
    data: typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {},
  };
}
