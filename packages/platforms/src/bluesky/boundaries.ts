/** Scripts that are written without spaces: a link may stand right behind and right before their letters. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々〆]/u;

export function isUnspaced(character: string): boolean {
  return unspaced.test(character);
}

/** Whether a link, a mention or a tag may begin at a place in the text: not within a word, an address or a number. */
export function mayBeginAt(text: string, index: number): boolean {
  const before = characterBefore(text, index);
  if (before === '') return true;
  if (isUnspaced(before) || endsPicture.test(before)) return true;
  // As markup: `_example.com_`, `~~#tag~~`.
  if (/[_~]/u.test(before)) return !/[\p{L}\p{M}\p{N}@/.]/u.test(characterBefore(text, startOfRun(text, index)));
  if (/[\p{L}\p{M}\p{N}@/\\=#$%&+]/u.test(before)) return false;
  if (before === '.') return characterBefore(text, index - 1) === '.';
  return before !== '-' || !/[\p{L}\p{N}]/u.test(characterBefore(text, index - 1));
}

/** What the last character of an emoji may be, beside the emoji itself: its colour, and what makes a digit a keycap. */
const endsPicture = /[\uFE0F\u20E3]/u;

/** Where the run of `_` and `~` before a place begins. */
export function startOfRun(text: string, index: number): number {
  let at = index;
  while (/[_~]/u.test(text.charAt(at - 1))) at -= 1;
  return at;
}

function characterBefore(text: string, index: number): string {
  if (index <= 0) return '';
  const unit = text.charCodeAt(index - 1);
  const isLow = unit >= 0xdc_00 && unit <= 0xdf_ff && index > 1;
  return text.slice(isLow ? index - 2 : index - 1, index);
}

export function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index);
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
}

export interface Span {
  readonly start: number;
  readonly end: number;
}
