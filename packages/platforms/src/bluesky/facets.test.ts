import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { facetsOf, handlesMentioned } from './facets.ts';

const did = 'did:plc:abc';

/** What each facet marks in the text, by its bytes, and what it means. */
function marked(text: string, dids: Record<string, string> = {}): [string, string][] {
  return facetsOf(text, dids).map(({ index, features: [feature] }) => {
    const meaning = 'uri' in feature ? feature.uri : 'did' in feature ? feature.did : `#${feature.tag}`;
    return [Buffer.from(text).subarray(index.byteStart, index.byteEnd).toString(), meaning];
  });
}

describe('links', () => {
  test.each<[string, [string, string][]]>([
    ['see https://example.com/a.', [['https://example.com/a', 'https://example.com/a']]],
    ['日本 👨‍👩‍👧 http://a.example/日本?x#y!', [['http://a.example/日本?x#y', 'http://a.example/日本?x#y']]],
    ['(https://a.example/x_(y))', [['https://a.example/x_(y)', 'https://a.example/x_(y)']]],
    ['bare example.com/path, too', [['example.com/path', 'https://example.com/path']]],
    ['the end.Then more', []],
    ['mail me@example.com', []],
    ['http://', []],
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

  test.each(['a@b.example', '@nodots', '@-a.example', '@a..b', '@1.2.3.4'])('%s is none', (text) => {
    expect(handlesMentioned(text)).toEqual([]);
  });
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
    [`#${'x'.repeat(65)}`, []],
  ])('%s', (text, expected) => {
    expect(marked(text)).toEqual(expected);
  });
});

test('a mention inside an address is part of the address', () => {
  const text = 'https://a.example/(@bob.test';
  expect(marked(text, { 'bob.test': did })).toEqual([[text, text]]);
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
      const edges = facetsOf(text, { 'bob.test': did }).flatMap(({ index }) => [index.byteStart, index.byteEnd]);
      expect(edges).toEqual(edges.toSorted((a, b) => a - b));
      expect(edges.every((edge) => edge >= 0 && edge <= Buffer.byteLength(text))).toBe(true);
      expect(
        marked(text, { 'bob.test': did }).every(([shown]) => shown.isWellFormed() && !shown.includes('\ufffd')),
      ).toBe(true);
    }),
  );
});
