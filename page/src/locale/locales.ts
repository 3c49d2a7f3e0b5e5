import type { Catalogue } from "./en";
import { ENGLISH, Texts } from "./texts";

type Load = () => Promise<{ default: Catalogue }>;

/** The languages besides English, by their tags (BCP 47). A further one is a file beside this and a line here. */
const LOCALES: Readonly<Record<string, Load>> = {};

/** The texts for a language tag: its own, else those of its language, else English. */
export async function textsFor(tag: string): Promise<Texts> {
  const found = bestOf(tag, Object.keys(LOCALES));
  const load = found === null ? undefined : LOCALES[found];
  if (!load || found === null) return new Texts(isEnglish(tag) ? tag : ENGLISH.locale);
  const { default: catalogue } = await load();
  return new Texts(isRegionOf(tag, found) ? tag : found, catalogue);
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

function maximized(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag).maximize();
  } catch {
    return null; // no tag at all
  }
}

function isEnglish(tag: string): boolean {
  return maximized(tag)?.language === "en";
}

/** Dates and numbers are written as the user's own region does, where only the region differs. */
function isRegionOf(wanted: string, found: string): boolean {
  return maximized(wanted)?.language === maximized(found)?.language;
}
