import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countMastodon, mastodonFingerprint, textOfHtml } from './text.ts';

describe('the count', () => {
  test.each([
    ['hello', 5],
    ['👨‍👩‍👧', 1],
    ['https://example.com/a/very/long/path/that/goes/on/and/on', 23],
    ['https://a.de', 23],
    ['see https://example.com/x.', 28],
    ['http://localhost:3000/some/path/here', 36],
    ['example.com', 11],
    ['@bob', 4],
    ['@bob@very.long.host.example hi', 7],
    ['me@example.com', 14],
    // No known ending, user and password: plain text.
    ['https://build.corp/', 19],
    ['https://192.168.0.1/a', 21],
    ['https://ada:secret@example.com/', 31],
    ['https://example.com-x/', 22],
    // What stands behind the host and is neither port, path nor query is no part of the link.
    ['https://example.com#section', 31],
    ['https://example.com:8443/a#section', 23],
    ['https://example.com/?q=a,b.', 24],
    ['https://example.com?q=1', 23],
    // Punctuation and brackets beside links.
    ['“https://example.com/a”', 24],
    ['"https://example.com/a"', 25],
    ['(https://example.com/a)', 25],
    ['https://en.wikipedia.org/wiki/Ada_(language)', 23],
    ['https://example.com/a((b)c)!', 24],
    ['「https://example.com/a」。', 24],
    ['https://example.com/a。', 23],
    ['見てhttps://example.com/日本', 25],
    ['xhttps://example.com/a', 22],
    ['@https://example.com/a', 22],
    ['https://example.com/a…', 23],
    ['<https://example.com/a>', 25],
    ['https://example.com/a https://b.example.org/', 47],
    ['ipfs://example.com/a', 23],
    ['https://t.co/abc/def', 27],
    ['https://bücher.de/a', 23],
    ['HTTPS://Example.COM/A', 23],
    // Mentions.
    ['@bob.@host.example', 18],
    ['(@bob@host.example)', 6],
    ['@bob@host.example@more', 22],
    ['https://example.com/@bob@host.example', 23],
  ])('of %j is %i', (text, count) => {
    expect(countMastodon(text)).toBe(count);
  });

  test("takes the instance's own price of a link", () => {
    expect(countMastodon('https://example.com/a/b', 40)).toBe(40);
  });
});

describe("an instance's HTML copy of a status is recognised", () => {
  const isSame = (ours: string, html: string) => mastodonFingerprint(ours) === mastodonFingerprint(textOfHtml(html));

  test.each([
    ['Hello <world> & "friends" \'here\'', '<p>Hello &lt;world&gt; &amp; &quot;friends&quot; &#39;here&#39;</p>'],
    ['one\ntwo\n\nthree', '<p>one<br>two</p><p>three</p>'],
    ['one\ntwo', '<p>one<br />two</p>'],
    [
      'see https://example.com/a/long/path',
      '<p>see <a href="https://example.com/a/long/path" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">example.com/a</span><span class="invisible">/long/path</span></a></p>',
    ],
    [
      'hi @Bob@other.example',
      '<p>hi <span class="h-card"><a href="https://other.example/@bob" class="u-url mention">@<span>bob</span></a></span></p>',
    ],
    ['a #tag', '<p>a <a href="https://i/tags/tag" class="mention hashtag">#<span>tag</span></a></p>'],
    ['cafe\u0301', '<p>caf&#xe9;</p>'],
  ])('%s', (ours, html) => {
    expect(isSame(ours, html)).toBe(true);
  });

  test('another text is not', () => {
    expect(isSame('Hello', '<p>hello</p>')).toBe(false);
    expect(isSame('Hello', '<p>Hello!</p>')).toBe(false);
  });

  test('whatever the text', () => {
    const escaped = (text: string) =>
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(isSame(text, `<p>${escaped(text)}</p>`)).toBe(true);
      }),
    );
  });

  test('a hostile page of a million brackets is read in short time', () => {
    const startedMs = performance.now();
    for (const part of ['<', '<p', '</p ', '&#', '<br ']) textOfHtml(part.repeat(1_000_000 / part.length));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
