import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snowflakeAt, timeOfSnowflake } from './snowflake.ts';
import { countDiscord, discordFingerprint } from './text.ts';

test.each([
  ['hello', 5],
  ['日本', 2],
  ['😀', 1],
  ['👨‍👩‍👧', 5],
])('the count of %j is %i code points', (text, count) => {
  expect(countDiscord(text)).toBe(count);
});

describe("Discord's copy of a text is recognised", () => {
  const isSame = (ours: string, theirs: string) => discordFingerprint(ours) === discordFingerprint(theirs);

  test.each([
    ['  hello\n', 'hello'],
    ['a\u200b b\u0007', 'a b'],
    ['one\r\ntwo', 'one\ntwo'],
    ['family 👨‍👩‍👧', 'family 👨👩👧'],
  ])('%j as %j', (ours, theirs) => {
    expect(isSame(ours, theirs)).toBe(true);
  });

  test('another text is not', () => {
    expect(isSame('Hello', 'hello')).toBe(false);
    expect(isSame('a b', 'ab')).toBe(false);
  });

  test('trimmed, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => isSame(text, text.trim())));
  });
});

describe('a snowflake', () => {
  test('carries its time', () => {
    expect(timeOfSnowflake('175928847299117063').toISOString()).toBe('2016-04-30T11:18:25.796Z');
    const times = fc.date({ min: new Date('2015-01-01T00:00:00Z'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(fc.property(times, (time) => timeOfSnowflake(String(snowflakeAt(time))).getTime() === time.getTime()));
  });

  test('from before Discord is the first one', () => {
    expect(snowflakeAt(new Date(0))).toBe(0n);
  });
});
