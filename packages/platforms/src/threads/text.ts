export const threadsTextMax = 500;
export const linksMax = 5;

/** Emoji count the bytes that they take in UTF-8, everything else one. https://developers.facebook.com/docs/threads/posts, read 2026-11. */
export function countThreads(text: string): number {
  if (/^[\x20-\x7e\n]*$/u.test(text)) return text.length;
  let count = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    count += emoji.test(segment) ? Buffer.byteLength(segment) : 1;
  }
  return count;
}

/** Pictographs, flags and keycaps. */
const emoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

/** Different addresses, as many as a text is said to have. */
export function linksIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/https?:\/\/[^\s<>"]+/giu) ?? []);
}
