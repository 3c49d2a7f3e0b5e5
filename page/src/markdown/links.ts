import { decoded } from "./entities";

const SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "mailto:", "tel:", "chatkit-link:"]);
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif)[;,]/i;

/** An address as it may stand in `href`, or null where it may not: only schemes that run nothing. */
export function safeHref(written: string, literal = false): string | null {
  const href = (literal ? written : decoded(written)).trim();
  const url = parsed(href);
  return url !== null && SCHEMES.has(url.protocol) ? href : null;
}

/** An address as it may stand in an image's `src`, or null. */
export function safeImage(written: string): string | null {
  const src = decoded(written).trim();
  if (PICTURE.test(src)) return src;
  const url = parsed(src);
  return url !== null && /^https?:$/.test(url.protocol) ? src : null;
}

/** Whether an image may be loaded from where it lies: the page's own, or from `domains` and what is below them. */
export function isAllowedImage(src: string, domains: readonly string[] | null): boolean {
  const url = parsed(src);
  if (domains === null || url === null || url.protocol === "data:" || url.origin === OWN.origin) return true;
  const host = url.hostname.toLowerCase();
  return domains.some((domain) => host === domain.toLowerCase() || host.endsWith(`.${domain.toLowerCase()}`));
}

/** Stands for the page's own address, which may have any scheme: what is relative to it is as safe as the page. */
const OWN = new URL("https://page.invalid/");

const SCHEME = /^[a-z][a-z\d+.-]*:/i;
const COLON_FIRST = /^[^/?#]*:/;

/** Read as the browser will read it; null: no address, or one that hides signs or what looks like a scheme. */
function parsed(href: string): URL | null {
  if (href === "" || CONTROL.test(href) || (COLON_FIRST.test(href) && !SCHEME.test(href))) return null;
  try {
    return new URL(href, OWN);
  } catch {
    return null;
  }
}
