/**
 * How many graphemes: what a reader takes for one character.
 * @param enough where to stop: the answer is exact up to here
 */
export function countGraphemes(text: string, enough: number = Number.POSITIVE_INFINITY): number {
  // One each, whatever stands beside them.
  if (/^[\x20-\x7e\n]*$/u.test(text)) return text.length;
  let count = 0;
  for (const _ of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    count += 1;
    if (count > enough) break;
  }
  return count;
}

export function firstGraphemes(text: string, max: number): string {
  let end = 0;
  let count = 0;
  for (const { index, segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    if (count === max) break;
    count += 1;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
