/** Shorter texts of Latin letters are in too many languages. */
const latinLettersMin = 20;
const lettersMin = 6;
/** Between the first and the second guess. */
const marginMin = 0.02;
const codeUnitsMax = 3_000;

/** The language of a text as a BCP 47 tag, where there is little doubt. The detector and its tables are loaded when first needed. */
export async function guessLangs(text: string): Promise<string[] | undefined> {
  const words = text.slice(0, codeUnitsMax).replaceAll(/(?:https?:\/\/|[#@])\S+/giu, ' ');
  const letters = words.match(/\p{L}/gu)?.join('') ?? '';
  const least = /\p{Script=Latin}/u.test(letters) ? latinLettersMin : lettersMin;
  if (letters.length < least) return undefined;
  const { eld } = await import('eld/extrasmall');
  const guess = eld.detect(words);
  const [first = 0, second = 0] = Object.values(guess.getScores()).toSorted((one, other) => other - one);
  const isSure = guess.isReliable() && first - second >= marginMin;
  return isSure && /^[a-z]{2,3}$/u.test(guess.language) ? [guess.language] : undefined;
}
