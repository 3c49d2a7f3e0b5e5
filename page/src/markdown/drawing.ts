import type { ChatElement } from "../ui/element";

/** What templates need besides tokens. Another object means that what was drawn with the last one is out of date. */
export interface Drawing {
  readonly t: ChatElement["t"];
  /** The number that each annotation's mark bears, and what its source is called. */
  readonly numbers: readonly number[];
  readonly titles: readonly string[];
  readonly allowedImageDomains: readonly string[] | null;
  /** More of this block may arrive. */
  readonly growing: boolean;
  /** Within the words of a link, where no other may be. */
  readonly inLink?: boolean;
}

/** Templates, texts and lists of them, as Lit takes them. */
export type Drawn = unknown;
