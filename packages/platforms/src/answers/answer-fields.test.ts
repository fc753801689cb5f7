import { expect, test } from 'vitest';
import { cleanName, endOfLife, foreignId, foreignNumericId, timeAt, webUrlIn } from './answer-fields.ts';

const now = new Date('2026-11-22T10:00:00Z');

test('a name is one line, without control characters or marks that turn the text around it', () => {
  expect(cleanName('  Ada\u0000\u202eLove\r\nlace\u2069 \ud800!  ', 200)).toBe('Ada Love lace \ufffd!');
  expect(cleanName('👩‍👩‍👧 Família', 200)).toBe('👩‍👩‍👧 Família');
});

test('a name is cut between characters, whatever they are made of', () => {
  expect(cleanName('👩‍👩‍👧'.repeat(300), 200)).toBe('👩‍👩‍👧'.repeat(200));
  expect(cleanName(`e${'\u0301'.repeat(5_000_000)}`, 200).length).toBeLessThanOrEqual(1_600);
});

test.each(['', ' 1', '1\n', 'a\u0000b', 'ü', 'x'.repeat(501)])('an id %j cannot be kept', (given) => {
  expect(foreignId().safeParse(given).success).toBe(false);
});

test('an id beyond 2^53 is taken as text only, a smaller one as a number too', () => {
  expect(foreignNumericId().parse('17841405822304914')).toBe('17841405822304914');
  expect(foreignNumericId().parse(123)).toBe('123');
  expect(foreignNumericId().safeParse(2 ** 60).success).toBe(false);
  expect(foreignNumericId().safeParse('1'.repeat(31)).success).toBe(false);
});

test.each(['javascript:alert(1)', '//x', 'https://', `https://x/${'a'.repeat(2_000)}`, '', null, undefined])(
  'an address %j leads nowhere',
  (given) => {
    expect(webUrlIn(given)).toBeNull();
  },
);

test('an address is kept as a browser reads it', () => {
  expect(webUrlIn('https://x.test/a b\n')).toBe('https://x.test/a%20b');
});

test('a life that no token has, or none at all, is no end', () => {
  expect(endOfLife(now, 3_600)).toBe('2026-11-22T11:00:00.000Z');
  for (const seconds of [0, -1, Number.NaN, Infinity, 1e18, null, undefined])
    expect(endOfLife(now, seconds)).toBeUndefined();
});

test('a time that a calendar does not have is no time', () => {
  expect(timeAt(1_795_348_800)).toBe('2026-11-22T12:00:00.000Z');
  for (const seconds of [0, 1e18, Number.NaN, null, undefined]) expect(timeAt(seconds)).toBeUndefined();
});
