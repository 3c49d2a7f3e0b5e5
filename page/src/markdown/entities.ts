import { inert } from "./trusted";

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;
const known = new Map<string, string>();

/** Text with its character references resolved, as Markdown wants outside of code. */
export function decoded(text: string): string {
  return text.includes("&") ? text.replace(ENTITY, character) : text;
}

function character(entity: string): string {
  let found = known.get(entity);
  if (found === undefined) known.set(entity, (found = resolved(entity)));
  return found;
}

/** The browser knows all names. What it is given here holds nothing but one reference: no tag can come of it. */
function resolved(entity: string): string {
  return inert(`<body>${entity}`, "text/html")?.body.textContent ?? entity;
}
