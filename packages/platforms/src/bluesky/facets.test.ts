import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { richTextOf, shownText } from './facets.ts';
import { bluesky } from './index.ts';
import { handlesMentioned } from './mentions.ts';

const did = 'did:plc:abc';

/** What each facet marks in the shown text, by its bytes, and what it means. */
function marked(text: string, dids: Record<string, string> = {}): [string, string][] {
  const { text: shown, facets } = richTextOf(text, dids);
  return facets.map(({ index, features: [feature] }) => {
    const meaning = 'uri' in feature ? feature.uri : 'did' in feature ? feature.did : `#${feature.tag}`;
    return [Buffer.from(shown).subarray(index.byteStart, index.byteEnd).toString(), meaning];
  });
}

/** In the text as it was written, where a link stands for itself. */
const same = (link: string): [string, string] => [link, link];
const bare = (link: string): [string, string] => [link, `https://${link}`];

describe('links', () => {
  test.each<[string, [string, string][]]>([
    ['see https://example.com/a.', [['https://example.com/a', 'https://example.com/a']]],
    ['日本 👨‍👩‍👧 http://a.example/日本?x#y!', [['http://a.example/日本?x#y', 'http://a.example/日本?x#y']]],
    ['(https://a.example/x_(y))', [['https://a.example/x_(y)', 'https://a.example/x_(y)']]],
    ['bare example.com/path, too', [['example.com/path', 'https://example.com/path']]],
    ['the end.Then more', []],
    ['mail me@example.com', []],
    ['http://', []],
    ['example.com?utm=1 and example.com:8080/a', [bare('example.com?utm=1'), bare('example.com:8080/a')]],
    ['example.com#part, example.com:8080.', [bare('example.com#part'), bare('example.com:8080')]],
    [
      '“https://a.example/b” \'https://a.example/c\' "example.com"',
      [same('https://a.example/b'), same('https://a.example/c'), bare('example.com')],
    ],
    [
      '«example.com» ‹https://a.example› „example.org“',
      [bare('example.com'), same('https://a.example'), bare('example.org')],
    ],
    [
      '[https://a.example] {example.com} <https://a.example/d>',
      [same('https://a.example'), bare('example.com'), same('https://a.example/d')],
    ],
    ['[text](https://a.example/b) and **example.com**', [same('https://a.example/b'), bare('example.com')]],
    ['Link:example.com Link:https://a.example;', [bare('example.com'), same('https://a.example')]],
    [
      'here—https://a.example/b—there –example.com– -example.org',
      [same('https://a.example/b'), bare('example.com'), bare('example.org')],
    ],
    ['🎉https://a.example🎉 🎉example.com/a🎉', [same('https://a.example'), bare('example.com/a')]],
    ['詳細はhttps://a.example/pathを見て', [same('https://a.example/path')]],
    ['詳細はexample.com/aを。次はexample.org', [bare('example.com/a'), bare('example.org')]],
    ['「https://a.example/b」、（example.com）。', [same('https://a.example/b'), bare('example.com')]],
    ['見て：https://a.example/b！example.com？', [same('https://a.example/b'), bare('example.com')]],
    ['한국어https://a.example/b입니다', [same('https://a.example/b')]],
    ['https://ja.wikipedia.org/wiki/日本', [same('https://ja.wikipedia.org/wiki/日本')]],
    ['(see https://a.example/b), (example.com)', [same('https://a.example/b'), bare('example.com')]],
    ['https://a.example/b…', [same('https://a.example/b')]],
    ['...example.com and …example.org', [bare('example.com'), bare('example.org')]],
    ['ada.lovelace@example.com ada@example.com/x', []],
    ['a/example.com #example.com @example.com', [['#example.com', '#example.com']]],
    ['xhttps://a.example éexample.com a_example.com', []],
    ['version 1.2.3.4 and 10.0.0.1', []],
    ['http://10.0.0.1/a', [same('http://10.0.0.1/a')]],
    ['example.comとexample.co.jp', [bare('example.com'), bare('example.co.jp')]],
    [
      '❤\uFE0Fexample.com ➡\uFE0Fexample.com/a➡\uFE0F 1\uFE0F\u20E3example.org',
      ['com', 'com/a', 'org'].map((end) => bare(`example.${end}`)),
    ],
    ['🇩🇪https://a.example/b🇩🇪 👍🏽https://a.example/c👍🏽', [same('https://a.example/b'), same('https://a.example/c')]],
    [
      '＜https://a.example/b＞ ＇https://a.example/c＇ ＂example.com＂',
      [same('https://a.example/b'), same('https://a.example/c'), bare('example.com')],
    ],
    [
      'https://a.example/b／c ｢https://a.example/d｣ 〝https://a.example/e〟',
      ['b', 'd', 'e'].map((path) => same(`https://a.example/${path}`)),
    ],
    ['انظر https://a.example/b، و https://a.example/c؟', [same('https://a.example/b'), same('https://a.example/c')]],
    ['देखो https://a.example/b। https://a.example/c•d→', [same('https://a.example/b'), same('https://a.example/c')]],
    [
      '_https://a.example/b_ ~~https://a.example/c~~ _example.com_',
      [same('https://a.example/b'), same('https://a.example/c'), bare('example.com')],
    ],
    [
      'https://a.example/~ada https://a.example/b_ a__example.com',
      [same('https://a.example/~ada'), same('https://a.example/b_')],
    ],
    ['https://ca.example/col·lecció', [same('https://ca.example/col·lecció')]],
    [
      'two https://a.example https://b.example',
      [
        ['https://a.example', 'https://a.example'],
        ['https://b.example', 'https://b.example'],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(marked(text)).toEqual(expected);
  });
});

describe('mentions', () => {
  test('are marked where they could be resolved, and stay text where not', () => {
    const text = 'Hi @Alice.bsky.social, @bob.test (@alice.bsky.social).';
    expect(handlesMentioned(text)).toEqual(['alice.bsky.social', 'bob.test']);
    expect(marked(text, { 'alice.bsky.social': did })).toEqual([
      ['@Alice.bsky.social', did],
      ['@alice.bsky.social', did],
    ]);
  });

  test.each([
    ['“@bob.test”', '@bob.test'],
    ['(@bob.test)', '@bob.test'],
    ['「@bob.test」さん', '@bob.test'],
    ['ありがとう@bob.testさん', '@bob.test'],
    ['by:@bob.test.', '@bob.test'],
    ['—@bob.test—', '@bob.test'],
    ['🎉@bob.test🎉', '@bob.test'],
    ['（@bob.test）', '@bob.test'],
    ['❤\uFE0F@bob.test', '@bob.test'],
    ['_@bob.test_', '@bob.test'],
    ['.@bob.test', ''],
    ["@bob.test's", '@bob.test'],
  ])('%s has %s', (text, shown) => {
    expect(marked(text, { 'bob.test': did })).toEqual(shown === '' ? [] : [[shown, did]]);
  });

  test.each(['a@b.example', '@nodots', '@-a.example', '@a..b', '@1.2.3.4', '@bob.test@social.example', 'é@bob.test'])(
    '%s is none',
    (text) => {
      expect(handlesMentioned(text)).toEqual([]);
    },
  );
});

describe('tags', () => {
  test.each<[string, [string, string][]]>([
    [
      '#one #two!',
      [
        ['#one', '#one'],
        ['#two', '#two'],
      ],
    ],
    [
      '#日本語 ＃full',
      [
        ['#日本語', '#日本語'],
        ['＃full', '#full'],
      ],
    ],
    ['#1 a#b #', []],
    ['#a_b-c', [['#a_b-c', '#a_b-c']]],
    ['(#one) [#two] “#three”', [same('#one'), same('#two'), same('#three')]],
    ['「#日本」（#東京）、#大阪。', [same('#日本'), same('#東京'), same('#大阪')]],
    ['今日は#東京', [same('#東京')]],
    ['tags:#one, #two; #three: #four! #five?', ['#one', '#two', '#three', '#four', '#five'].map(same)],
    ['—#one—#two– 🎉#three🎉', [same('#one'), same('#two'), same('#three')]],
    ['#node.js #v1.2. #end.', [same('#node.js'), same('#v1.2'), same('#end')]],
    ['#🎉 #one#two', [same('#🎉'), same('#one')]],
    ['❤\uFE0F#one #two🇩🇪 #🇩🇪 #👨‍👩‍👧!', [same('#one'), same('#two'), same('#🇩🇪'), same('#👨‍👩‍👧')]],
    [
      '#one，#two＆#three、#four؟ #five– _#six_ ~~#seven~~',
      ['#one', '#two', '#three', '#four', '#five', '#six', '#seven'].map(same),
    ],
    ['C# &#39; a#b é#c /#d', []],
    [`#${'x'.repeat(65)}`, []],
  ])('%s', (text, expected) => {
    expect(marked(text)).toEqual(expected);
  });
});

test('a mention inside an address is part of the address', () => {
  const text = 'https://a.example/(@bob.test';
  expect(marked(text, { 'bob.test': did })).toEqual([[text, text]]);
});

describe('a long address', () => {
  test.each([
    ['https://example.com/2026/11/a-very-long-title', 'example.com/2026/11/a-ve...'],
    ['https://www.example.com/?utm_source=newsletter', 'www.example.com/?utm_source=...'],
    ['example.com/2026/11/a-very-long-title', 'example.com/2026/11/a-ve...'],
    ['https://ada:pw@example.com/2026/11/a-very-long-title', 'example.com/2026/11/a-ve...'],
    ['https://example.com/2026/11/a', 'https://example.com/2026/11/a'],
    ['https://example.com/', 'https://example.com/'],
  ])('%s is shown as %s, and leads where it led', (address, shown) => {
    const before = 'Grüße: ';
    expect(shownText(`${before}${address} 👋`)).toBe(`${before}${shown} 👋`);
    const uri = address.startsWith('https://') ? address : `https://${address}`;
    expect(marked(`${before}${address} 👋 #tag`)).toEqual([[shown, uri], same('#tag')]);
  });

  test('counts as it is shown', () => {
    const text = `${'a'.repeat(271)} https://example.com/${'b'.repeat(500)}`;
    const account = { externalId: 'did:plc:a', handle: 'ada', service: null };
    const codes = (of: string) =>
      bluesky.validate({ text: of, options: {}, media: [] }, account).map(({ code }) => code);
    expect(bluesky.rules.text.count(text)).toBe(299);
    expect(codes(`a${text}`)).toEqual([]);
    expect(codes(`aa${text}`)).toEqual(['text_too_long']);
  });
});

test('facets lie inside the text, in order and apart, whatever the text', () => {
  const part = fc.constantFrom(
    'https://a.example/é',
    '@bob.test',
    '#tag',
    '日',
    '👩‍👩‍👧',
    ' ',
    '(',
    ')',
    '.',
    'example.com',
    '\n',
    '#',
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = parts.join('');
      const edges = richTextOf(text, { 'bob.test': did }).facets.flatMap(({ index }) => [
        index.byteStart,
        index.byteEnd,
      ]);
      expect(edges).toEqual(edges.toSorted((a, b) => a - b));
      expect(edges.every((edge) => edge >= 0 && edge <= Buffer.byteLength(shownText(text)))).toBe(true);
      expect(
        marked(text, { 'bob.test': did }).every(([shown]) => shown.isWellFormed() && !shown.includes('\ufffd')),
      ).toBe(true);
    }),
  );
});
