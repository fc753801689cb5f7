import twitterText from 'twitter-text';

export const charactersMax = 500;
export const charactersPerUrl = 23;

/** Links count 23, `@user@host` counts as `@user`; the rest in graphemes. */
export function countCharacters(text: string): number {
  let counted = '';
  let from = 0;
  for (const { indices } of urlsOf(text)) {
    counted += text.slice(from, indices[0]) + 'x'.repeat(charactersPerUrl);
    from = indices[1];
  }
  counted += text.slice(from);
  return [...segmenter.segment(counted.replace(remoteMention, '$1'))].length;
}

/** Only addresses with a scheme are links. */
export function urlsOf(text: string): { url: string; indices: [number, number] }[] {
  return twitterText.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: false });
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const remoteMention = /(?<![=/\w])(@[a-z0-9_]+)@[\w.-]+\w/gi;
