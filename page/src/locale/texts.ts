import { createContext } from "@lit/context";
import { en, type Catalogue, type Key } from "./en";

export type { Key };
export type Values = Readonly<Record<string, string | number>>;

/** The texts of one language, and how it writes numbers, dates and lines. */
export class Texts {
  readonly direction: "ltr" | "rtl";

  constructor(
    /** BCP 47, as the browser's formatters want it. */
    readonly locale: string = "en",
    private readonly catalogue: Catalogue = en,
  ) {
    this.direction = RIGHT_TO_LEFT.has(locale.split("-")[0] ?? "") ? "rtl" : "ltr";
  }

  t(key: Key, values: Values = {}): string {
    const text = this.catalogue[key] ?? en[key];
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? this.#isolated(String(values[name])) : whole));
  }

  /** In a line from right to left, a name like "plan (2).pdf" would otherwise pull the signs at its ends to the wrong side. */
  #isolated(value: string): string {
    return this.direction === "rtl" ? `${FIRST_STRONG_ISOLATE}${value}${POP_ISOLATE}` : value;
  }

  /** What went wrong, in the user's language where the words are ours. */
  error(error: Error): string {
    const { key, status } = error as { key?: Key | null; status?: number };
    return key ? this.t(key, { status: status ?? 0 }) : error.message;
  }

  percent(share: number): string {
    return new Intl.NumberFormat(this.locale, { style: "percent" }).format(share);
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  /** A size in bytes as people read it. */
  size(bytes: number): string {
    const power = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
    const unit = ["byte", "kilobyte", "megabyte"][power] ?? "byte";
    const format = new Intl.NumberFormat(this.locale, { style: "unit", unit, maximumFractionDigits: 1 });
    return format.format(bytes / 1000 ** power);
  }

  date(when: Date, style: Intl.DateTimeFormatOptions = { dateStyle: "medium" }): string {
    return new Intl.DateTimeFormat(this.locale, style).format(when);
  }
}

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur", "yi", "ps", "sd", "ug"]);

export const ENGLISH = new Texts();

/** The texts of the element that a component is in. */
export const textsContext = createContext<Texts>(Symbol("chatkit texts"));
