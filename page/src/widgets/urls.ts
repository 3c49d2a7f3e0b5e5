const INLINE = /^data:image\/(?:png|jpeg|jpg|gif|webp|avif);base64,[a-z\d+/=\s]+$/i;
const BASE = "https://relative.invalid/";

/**
 * The address of an image, where it is one that may be loaded: http, https, relative to the page, or an inline
 * picture of a kind that holds no script.
 */
export function imageUrl(value: unknown): string | undefined {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const url = value.trim();
  if (INLINE.test(url)) return url;
  if (!URL.canParse(url, BASE)) return undefined;
  const { protocol } = new URL(url, BASE);
  return protocol === "https:" || protocol === "http:" ? url : undefined;
}
