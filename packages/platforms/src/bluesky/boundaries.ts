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
  if (isUnspaced(before)) return true;
  if (/[\p{L}\p{M}\p{N}_@/\\=#$%&+~]/u.test(before)) return false;
  if (before === '.') return characterBefore(text, index - 1) === '.';
  return before !== '-' || !/[\p{L}\p{N}]/u.test(characterBefore(text, index - 1));
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
