import { ENGLISH, Texts } from "./texts";

/** The texts for a language tag (BCP 47); English where there are none. */
export async function textsFor(_tag: string): Promise<Texts> {
  return ENGLISH;
}
