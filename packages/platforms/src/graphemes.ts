/** How many graphemes: what a reader takes for one character. */
export function countGraphemes(text: string): number {
  let count = 0;
  for (const _ of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) count += 1;
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
