import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { littleText, plainText } from './text.ts';
import { validateLinkedIn } from './validate.ts';

describe('little text', () => {
  test.each([
    ['nothing to do', 'Grüße, 日本 & "more"!', 'Grüße, 日本 & "more"!'],
    ['every reserved sign', '|{}@[]()<>#\\*_~', '\\|\\{\\}\\@\\[\\]\\(\\)\\<\\>\\#\\\\\\*\\_\\~'],
    ['a hashtag', 'Hi #news!', 'Hi {hashtag|\\#|news}!'],
    ['a hashtag with a line', '#big_news', '{hashtag|\\#|big\\_news}'],
    ['in any script', '#日本', '{hashtag|\\#|日本}'],
    ['a number is none', 'We are #1', 'We are \\#1'],
    ['nor is a part of an address', 'https://e.com/a#b_c', 'https://e.com/a\\#b\\_c'],
    ['a mention in LinkedIn’s form', 'Hi @[Ada L](urn:li:person:a_b-1)', 'Hi @[Ada L](urn:li:person:a_b-1)'],
    ['what only looks like one', 'Hi @[Ada](https://e.com)', 'Hi \\@\\[Ada\\]\\(https://e.com\\)'],
    ['an address of mail', 'ada@example.com', 'ada\\@example.com'],
  ])('%s', (_what, text, little) => {
    expect(littleText(text)).toBe(little);
  });

  test('shows what was written, whatever that is', () => {
    const signs = fc.constantFrom(...Array.from('|{}@[]()<>#\\*_~ ab1é\n'), '#a', '@[a](');
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 40 }), (text) => {
        expect(plainText(littleText(text))).toBe(text);
      }),
    );
  });
});

const person = { externalId: 'urn:li:person:a' };
const codes = (text: string, options: Record<string, unknown>, account = person) =>
  validateLinkedIn({ text, options, media: [] }, account).map(({ severity, code, field }) => [severity, code, field]);

test('3,000 characters, a text or something to show, and options that make sense', () => {
  const card = { url: 'https://example.com' };
  expect(codes('é'.repeat(3_000), { visibility: 'connections', firstComment: 'First!' })).toEqual([]);
  expect(codes('é'.repeat(3_001), {})).toEqual([['error', 'text_too_long', 'content']]);
  expect(codes(' ', {})).toEqual([['error', 'text_missing', 'content']]);
  expect(codes('', { card })).toEqual([]);
  expect(codes('x', { card: { url: 'ftp://example.com' } })).toEqual([
    ['error', 'option_invalid', expect.stringContaining('card')],
  ]);
  expect(codes('x', { colour: 'red' })).toEqual([['error', 'option_unknown', 'options.colour']]);
  expect(codes('x', { title: 'Film' })).toEqual([['warning', 'option_unused', 'options.title']]);
  expect(codes('x', { visibility: 'connections' }, { externalId: 'urn:li:organization:1' })).toEqual([
    ['error', 'option_invalid', 'options.visibility'],
  ]);
});
