import fc from 'fast-check';
import twitterText from 'twitter-text';
import { expect, test } from 'vitest';
import { weighText } from './weigh-text.ts';

const parts = [
  'a',
  'é',
  '日本',
  '👩‍👩‍👧',
  '👍🏽',
  '🇩🇪',
  ' ',
  '\n',
  '.',
  ',',
  '。',
  '/',
  '@',
  '#',
  '-',
  '_',
  '(',
  ')',
  ':',
  '?',
  'a.com',
  'B.co.uk',
  'https://',
  'http://a.b-c.de/x?y=1#z',
  'https://日本.jp/',
  'https://t.co/abcdefghij',
  'xn--p1ai.com',
  'i❤.ws',
  '\u0301',
  '\u0323',
  '2️⃣',
  'www.',
];

test('weighs every text as the library of X does', () => {
  const text = fc.array(fc.constantFrom(...parts), { maxLength: 25 }).map((chosen) => chosen.join(''));
  fc.assert(
    fc.property(text, (given) => {
      fc.pre(linksHaveTheirPlace(given));
      expect(weighText(given)).toBe(twitterText.parseTweet(given).weightedLength);
    }),
    { numRuns: 20_000 },
  );
});

/** The library drops what is no domain from the middle of a link, and then counts from the middle of an emoji on. */
function linksHaveTheirPlace(text: string): boolean {
  const links = twitterText.extractUrlsWithIndices(text.normalize('NFC'));
  return links.every(({ url, indices: [start, end] }) => url.length === end - start);
}
