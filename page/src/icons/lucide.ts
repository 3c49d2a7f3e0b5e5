import { icons } from "lucide";
import type { IconNode } from "./shapes";

/** All of Lucide, by its exported names. Only ever imported dynamically: it is far larger than the page. */
const ALL: Readonly<Record<string, IconNode>> = icons;

/** The shape of a Lucide icon by the name its site shows ("arrow-down-a-z"), if there is one. */
export function lucideShape(name: string): IconNode | undefined {
  const exported = name.split("-").map(capitalised).join("");
  return Object.hasOwn(ALL, exported) ? ALL[exported] : undefined;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
