/**
 * What arrives is not to be trusted: fields may be missing, of another type, or written to do harm.
 * These functions read it so that the elements never fail and never link to where they should not.
 */

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file's name without the signs that turn the writing, by which a program can look like a picture. */
export function fileName(value: unknown): string {
  return text(value).replace(TURNS, "");
}

/** The objects in a list; of anything else none. */
export function objects<T extends object>(value: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string" && one !== "") : [];
}

/** The address where it is one of the web, else null. */
export function webUrl(value: unknown): URL | null {
  const url = parsed(value);
  return url !== null && isWeb(url) ? url : null;
}

const IMAGE_DATA = /^data:image\/(png|jpeg|gif|webp|avif)[;,]/i;

/** An address that an image may be loaded from, relative ones too; else null. SVG as data is not among them. */
export function imageUrl(value: unknown): string | null {
  const address = text(value).trim();
  if (IMAGE_DATA.test(address)) return address;
  const url = parsed(address, document.baseURI);
  return url !== null && isWeb(url) ? url.href : null;
}

function isWeb(url: URL): boolean {
  return url.protocol === "https:" || url.protocol === "http:";
}

function parsed(value: unknown, base?: string): URL | null {
  if (typeof value !== "string" || value === "" || !URL.canParse(value, base)) return null;
  return new URL(value, base);
}
