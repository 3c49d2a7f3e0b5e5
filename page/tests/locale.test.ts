import { ContextProvider } from "@lit/context";
import type { SupportedLocale } from "@openai/chatkit";
import { describe, expect, it } from "vitest";
import { en, type Catalogue, type Key } from "../src/locale/en";
import { bestOf, LOCALES, textsFor } from "../src/locale/locales";
import { Texts, textsContext } from "../src/locale/texts";
import { ComposerText } from "../src/views/composer_text";

const FILES = import.meta.glob<{ default: Catalogue }>(["../src/locale/*.ts", "!**/en.ts", "!**/texts.ts", "!**/locales.ts"], { eager: true });
const catalogues = Object.entries(FILES).map(([path, file]) => [path.replace(/^.*\/|\.ts$/g, ""), file.default] as const);
const TAGS = Object.keys(LOCALES);
const KEYS = Object.keys(en) as Key[];

/** Words that a language really has in common with English. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  ca: ["Model"],
  cs: ["Chat", "Model", "Token"],
  da: ["Chat", "Download", "Model", "Send", "Stop", "Token"],
  de: ["Chat", "Code", "Name", "Token"],
  es: ["Chat", "Token"],
  fr: ["Code", "Conversations", "Message", "Messages", "Sources", "Suggestions"],
  hu: ["Token"],
  id: ["File", "Model", "Token"],
  it: ["Chat", "File", "Token"],
  nb: ["Chat", "Send", "Token"],
  nl: ["Chat", "Code", "Model", "Token"],
  pl: ["Model", "Token"],
  "pt-BR": ["Chat", "Token"],
  "pt-PT": ["Chat", "Token"],
  ro: ["Chat", "Model", "Token"],
  sv: ["Token"],
  tr: ["Model"],
};

/** What every published name is given; null is English, because we do not speak it. */
const PUBLISHED: Readonly<Record<SupportedLocale, string | null>> = {
  am: null,
  ar: "ar",
  bg: "bg",
  "bg-BG": "bg",
  bn: "bn",
  "bn-BD": "bn",
  bs: null,
  "bs-BA": null,
  ca: "ca",
  "ca-ES": "ca",
  cs: "cs",
  "cs-CZ": "cs",
  da: "da",
  "da-DK": "da",
  de: "de",
  "de-DE": "de",
  el: "el",
  "el-GR": "el",
  en: null,
  es: "es",
  "es-419": "es",
  "es-ES": "es",
  et: null,
  "et-EE": null,
  fi: "fi",
  "fi-FI": "fi",
  fr: "fr",
  "fr-CA": "fr",
  "fr-FR": "fr",
  gu: null,
  "gu-IN": null,
  hi: "hi",
  "hi-IN": "hi",
  hr: null,
  "hr-HR": null,
  hu: "hu",
  "hu-HU": "hu",
  hy: null,
  "hy-AM": null,
  id: "id",
  "id-ID": "id",
  is: null,
  "is-IS": null,
  it: "it",
  "it-IT": "it",
  ja: "ja",
  "ja-JP": "ja",
  ka: null,
  "ka-GE": null,
  kk: null,
  kn: null,
  "kn-IN": null,
  ko: "ko",
  "ko-KR": "ko",
  lt: null,
  lv: null,
  "lv-LV": null,
  mk: null,
  "mk-MK": null,
  ml: null,
  mn: null,
  mr: null,
  "mr-IN": null,
  ms: null,
  "ms-MY": null,
  my: null,
  "my-MM": null,
  nb: "nb",
  "nb-NO": "nb",
  nl: "nl",
  "nl-NL": "nl",
  pa: null,
  pl: "pl",
  "pl-PL": "pl",
  pt: "pt-BR",
  "pt-BR": "pt-BR",
  "pt-PT": "pt-PT",
  ro: "ro",
  "ro-RO": "ro",
  ru: "ru",
  "ru-RU": "ru",
  sk: null,
  "sk-SK": null,
  sl: null,
  "sl-SI": null,
  so: null,
  "so-SO": null,
  sq: null,
  "sq-AL": null,
  sr: null,
  "sr-RS": null,
  sv: "sv",
  "sv-SE": "sv",
  sw: null,
  "sw-TZ": null,
  ta: null,
  "ta-IN": null,
  te: null,
  "te-IN": null,
  th: "th",
  "th-TH": "th",
  tl: null,
  tr: "tr",
  "tr-TR": "tr",
  uk: "uk",
  "uk-UA": "uk",
  ur: "ur",
  vi: "vi",
  "vi-VN": "vi",
  zh: "zh-CN",
  "zh-CN": "zh-CN",
  "zh-HK": "zh-TW",
  "zh-Hant": "zh-TW",
  "zh-TW": "zh-TW",
};

/** Names that a browser may give besides those. */
const OTHERS: readonly (readonly [string, string | null])[] = [
  ["zh-Hans-HK", "zh-CN"],
  ["zh-SG", "zh-CN"],
  ["zh-MO", "zh-TW"],
  ["zh-Hant-CN", "zh-TW"],
  ["ZH-hk", "zh-TW"],
  ["cmn", "zh-CN"],
  ["pt-AO", "pt-PT"],
  ["pt-MZ", "pt-PT"],
  ["es-MX", "es"],
  ["de-AT", "de"],
  ["no", "nb"],
  ["nn", "nb"],
  ["nn-NO", "nb"],
  ["ar-EG", "ar"],
  ["ur-PK", "ur"],
  ["in", "id"],
  ["in-ID", "id"],
  ["iw", null],
  ["mo", "ro"],
  ["sr-Latn", null],
  ["en-GB", null],
  ["und", null],
  ["tlh", null],
  ["x-none", null],
  ["de_DE", null],
  ["no language", null],
  ["", null],
];

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

it("offers each catalogue, and there is a catalogue for each that is offered", () => {
  expect(catalogues.map(([tag]) => tag).sort()).toEqual([...TAGS].sort());
});

describe.each(catalogues)("the texts in %s", (tag, catalogue) => {
  it("are those of English, in the same order", () => {
    expect(Object.keys(catalogue)).toEqual(KEYS);
  });

  it("have the same things to fill in", () => {
    expect(KEYS.filter((key) => placeholders(catalogue[key]).join() !== placeholders(en[key]).join())).toEqual([]);
  });

  it("are all translated", () => {
    const same = KEYS.filter((key) => catalogue[key] === en[key]).map((key) => en[key]);
    expect([...new Set(same)].sort()).toEqual([...(SAME[tag] ?? [])].sort());
  });

  it("are set as in print", () => {
    expect(KEYS.filter((key) => !/\S/.test(catalogue[key]) || /^\s|\s$| {2}|["']|\.\.\./.test(catalogue[key]))).toEqual([]);
    expect(KEYS.filter((key) => en[key].endsWith("…") !== catalogue[key].endsWith("…"))).toEqual([]);
  });

  it("are the ones that the tag loads", async () => {
    const texts = await textsFor(tag);
    expect([texts.locale, texts.t("composer.send")]).toEqual([tag, catalogue["composer.send"]]);
  });
});

it("does not let a French sign begin a line", () => {
  const { default: french } = FILES["../src/locale/fr.ts"]!;
  expect(KEYS.filter((key) => / [:;?!»]|« |\S[;?!]/.test(french[key].replaceAll("\u202f", "\n").replaceAll("\u00a0", "\n")))).toEqual([]);
});

describe("the language for a tag", () => {
  it.each([...Object.entries(PUBLISHED), ...OTHERS])("%s is %s", async (tag, found) => {
    expect(bestOf(tag, TAGS)).toBe(found);
    const expected = found === null ? en : FILES[`../src/locale/${found}.ts`]!.default;
    expect((await textsFor(tag)).t("chat.greeting")).toBe(expected["chat.greeting"]);
  });

  it("is what there is, where the script is another one", () => {
    expect(bestOf("zh-TW", ["de", "zh-CN"])).toBe("zh-CN");
  });
});

describe("the direction", () => {
  it("is from right to left in Arabic and Urdu alone", async () => {
    const directions = await Promise.all(TAGS.map(async (tag) => [tag, (await textsFor(tag)).direction] as const));
    expect(directions.filter(([, direction]) => direction === "rtl").map(([tag]) => tag)).toEqual(["ar", "ur"]);
    expect((await textsFor("AR-eg")).direction).toBe("rtl");
  });

  it("is that of a field as long as nothing is written in it", async () => {
    const page = document.body.appendChild(document.createElement("div"));
    new ContextProvider(page, { context: textsContext, initialValue: await textsFor("ar") });
    const field = page.appendChild(new ComposerText());
    await field.updateComplete;
    expect(field.renderRoot.querySelector("textarea")?.dir).toBe("rtl");
    field.value = "plan";
    await field.updateComplete;
    expect(field.renderRoot.querySelector("textarea")?.dir).toBe("auto");
  });

  it("of what is filled in does not turn the line around", async () => {
    expect((await textsFor("ar")).t("composer.removeFile", { name: "plan (2).pdf" })).toContain("\u2068plan (2).pdf\u2069");
    expect((await textsFor("de")).t("composer.removeFile", { name: "plan (2).pdf" })).toBe("plan (2).pdf entfernen");
  });
});

describe("what is filled in", () => {
  it("may be nothing, or look like something to fill in", () => {
    const texts = new Texts();
    expect(texts.t("composer.removeFile", { name: "" })).toBe("Remove ");
    expect(texts.t("composer.removeFile", { name: "{name} $&" })).toBe("Remove {name} $&");
    expect(texts.t("composer.removeFile")).toBe("Remove {name}");
  });
});

describe("numbers, dates, shares and sizes", () => {
  const DAY = new Date("2026-03-09T12:00:00Z");

  /** Which of the spaces that do not break is set changes with Unicode's data. */
  async function written(tag: string): Promise<readonly string[]> {
    const texts = await textsFor(tag);
    const all = [texts.number(1234567.5), texts.percent(0.42), texts.size(12_500_000), texts.date(DAY)];
    return all.map((text) => text.replace(/[\u00a0\u202f]/g, " ").replace(/[\u200e\u200f\u061c]/g, ""));
  }

  it.each([
    ["en", ["1,234,567.5", "42%", "12.5 MB", "Mar 9, 2026"]],
    ["en-GB", ["1,234,567.5", "42%", "12.5 MB", "9 Mar 2026"]],
    ["de", ["1.234.567,5", "42 %", "12,5 MB", "09.03.2026"]],
    ["fr", ["1 234 567,5", "42 %", "12,5 Mo", "9 mars 2026"]],
    ["tr", ["1.234.567,5", "%42", "12,5 MB", "9 Mar 2026"]],
    ["hi", ["12,34,567.5", "42%", "12.5 MB", "9 मार्च 2026"]],
    ["ja", ["1,234,567.5", "42%", "12.5 MB", "2026/03/09"]],
    ["zh-TW", ["1,234,567.5", "42%", "12.5 MB", "2026年3月9日"]],
    ["pt", ["1.234.567,5", "42%", "12,5 MB", "9 de mar. de 2026"]],
  ])("are written in %s as its readers expect", async (tag, expected) => {
    expect(await written(tag)).toEqual(expected);
  });

  it("have the digits of the language, where it has its own", async () => {
    const texts = await textsFor("bn");
    expect([texts.number(1234567), texts.percent(0.42)]).toEqual(["১২,৩৪,৫৬৭", "৪২%"]);
  });

  it.each([
    ["de-CH", "de-CH"],
    ["fr-CA", "fr-CA"],
    ["zh-HK", "zh-HK"],
    ["in-ID", "id-ID"],
    ["en-AU", "en-AU"],
    ["no", "nb"],
    ["und", "en"],
    ["sr", "en"],
    ["de_DE", "en"],
  ])("for %s follow %s: the user's own region, if it is one of the language that is shown", async (tag, locale) => {
    expect((await textsFor(tag)).locale).toBe(locale);
  });
});
