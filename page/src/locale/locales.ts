import type { Catalogue } from "./en";
import { ENGLISH, Texts } from "./texts";

type Load = () => Promise<{ default: Catalogue }>;

/**
 * The languages besides English, by their tags (BCP 47). A further one is a file beside this and a line here.
 * Where two fit equally, the first is taken: all Portuguese but Brazil's is nearer to Portugal's.
 */
export const LOCALES: Readonly<Record<string, Load>> = {
  ar: () => import("./ar"),
  bg: () => import("./bg"),
  bn: () => import("./bn"),
  ca: () => import("./ca"),
  cs: () => import("./cs"),
  da: () => import("./da"),
  de: () => import("./de"),
  el: () => import("./el"),
  es: () => import("./es"),
  fi: () => import("./fi"),
  fr: () => import("./fr"),
  hi: () => import("./hi"),
  hu: () => import("./hu"),
  id: () => import("./id"),
  it: () => import("./it"),
  ja: () => import("./ja"),
  ko: () => import("./ko"),
  nb: () => import("./nb"),
  nl: () => import("./nl"),
  pl: () => import("./pl"),
  "pt-PT": () => import("./pt-PT"),
  "pt-BR": () => import("./pt-BR"),
  ro: () => import("./ro"),
  ru: () => import("./ru"),
  sv: () => import("./sv"),
  th: () => import("./th"),
  tr: () => import("./tr"),
  uk: () => import("./uk"),
  ur: () => import("./ur"),
  vi: () => import("./vi"),
  "zh-CN": () => import("./zh-CN"),
  "zh-TW": () => import("./zh-TW"),
};

/** Norwegian is written in two ways; who wants the other one, or does not say which, is given Bokmål. */
const GIVEN: Readonly<Record<string, string>> = { no: "nb", nn: "nb" };

/** The texts for a language tag: its own, else those of its language, else English. */
export async function textsFor(tag: string): Promise<Texts> {
  const found = bestOf(tag, Object.keys(LOCALES));
  const load = found === null ? undefined : LOCALES[found];
  if (!load || found === null) return new Texts(writtenAs(tag, ENGLISH.locale));
  const { default: catalogue } = await load();
  return new Texts(writtenAs(tag, found), catalogue);
}

/** Which of the tags fits best: the same one, one with the same script or region, then any of the same language. */
export function bestOf(wanted: string, tags: readonly string[]): string | null {
  const likely = maximized(wanted);
  if (likely === null) return null;
  const related = tags.map((tag) => [tag, maximized(tag)] as const).filter(([, locale]) => locale?.language === likely.language);
  const score = (locale: Intl.Locale | null) => Number(locale?.script === likely.script) * 2 + Number(locale?.region === likely.region);
  related.sort(([, one], [, other]) => score(other) - score(one));
  return related[0]?.[0] ?? null;
}

/** Dates and numbers are written as the user's own region does, where language and script are those of the texts. */
function writtenAs(wanted: string, found: string): string {
  const own = parsed(wanted);
  if (own === null || own.language !== parsed(found)?.language) return found;
  return maximized(wanted)?.script === maximized(found)?.script ? own.toString() : found;
}

function maximized(tag: string): Intl.Locale | null {
  const locale = parsed(tag);
  if (locale === null) return null;
  return new Intl.Locale(locale, { language: GIVEN[locale.language] ?? locale.language }).maximize();
}

/** The tag in today's spelling: `in` is `id`, `ZH-hk` is `zh-HK`. */
function parsed(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag);
  } catch {
    return null; // no tag at all
  }
}
