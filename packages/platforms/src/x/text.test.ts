import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countX, fingerprintOfText, fingerprintsOfPost } from './text.ts';

describe('the weighted count', () => {
  test.each([
    ['hello', 5],
    ['日本', 4],
    ['👨‍👩‍👧', 2],
    ['👍🏽', 2],
    ['e\u0301', 1],
    ['https://example.com/a/very/long/path/that/goes/on?and=on', 23],
    ['example.com', 23],
    ['see example.com now', 31],
    ['', 0],
  ])('of %j is %i', (text, count) => {
    expect(countX(text)).toBe(count);
  });

  test('is at most two for each code point where there is no link', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'ß', '日', '😀', ' ') }), (text) => {
        expect(countX(text)).toBeLessThanOrEqual(2 * [...new Intl.Segmenter().segment(text.normalize('NFC'))].length);
      }),
    );
  });
});

describe("X's copy of a post is recognised", () => {
  const isSame = (ours: string, theirs: string, urls: { url: string; expanded_url: string }[] = []) =>
    fingerprintsOfPost(theirs, urls).includes(fingerprintOfText(ours));

  test('word for word', () => {
    expect(isSame('Hello world', 'Hello world')).toBe(true);
    expect(isSame('Hello world', 'Hello worlds')).toBe(false);
  });

  test('with its links as t.co addresses', () => {
    const urls = [
      { url: 'https://t.co/abc', expanded_url: 'http://example.com' },
      { url: 'https://t.co/abcd', expanded_url: 'https://example.com/a?b=1' },
    ];
    expect(
      isSame('See example.com and https://example.com/a?b=1!', 'See https://t.co/abc and https://t.co/abcd!', urls),
    ).toBe(true);
    expect(
      isSame('See example.com and https://example.com/other', 'See https://t.co/abc and https://t.co/abcd', urls),
    ).toBe(false);
  });

  test('escaped or not', () => {
    expect(isSame('a < b && c > d', 'a &lt; b &amp;&amp; c &gt; d')).toBe(true);
    expect(isSame('a < b && c > d', 'a < b && c > d')).toBe(true);
    expect(isSame('&lt; is an entity', '&amp;lt; is an entity')).toBe(true);
  });

  test('in another Unicode form and with other line ends', () => {
    expect(isSame('cafe\u0301\r\nau lait ', 'café\nau lait')).toBe(true);
  });

  test.each([
    ['Visit Example.com/!', 'Visit https://t.co/x!', 'http://example.com/'],
    ['(https://example.com/日本)', '(https://t.co/x)', 'https://example.com/%E6%97%A5%E6%9C%AC'],
    ['new https://example.brandnewtld/a', 'new https://t.co/x', 'https://example.brandnewtld/a'],
    ['bücher.example?q=1', 'https://t.co/x', 'http://xn--bcher-kva.example/?q=1'],
  ])('%s', (ours, theirs, target) => {
    expect(isSame(ours, theirs, [{ url: 'https://t.co/x', expanded_url: target }])).toBe(true);
  });

  test('an address next to a mail address is left alone', () => {
    const urls = [{ url: 'https://t.co/x', expanded_url: 'http://example.com' }];
    expect(isSame('me@example.com or example.com', 'me@example.com or https://t.co/x', urls)).toBe(true);
  });

  test('whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(isSame(text, text)).toBe(true);
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        expect(isSame(text, escaped)).toBe(true);
      }),
    );
  });
});
