import type { KeySeed } from '../port/publish.ts';

const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const lettersTotal = 13;
const clockIdBits = 10n;

/**
 * A timestamp identifier, https://atproto.com/specs/tid: 53 bits of microseconds, 10 bits that tell writers apart, in 13
 * letters that sort by time. The clock gives milliseconds; the rest comes from the seed's number, so that keys of the same
 * millisecond differ.
 */
export function tidOf({ now, uniqueNumber }: Pick<KeySeed, 'now' | 'uniqueNumber'>): string {
  const microseconds = BigInt(now.getTime()) * 1_000n + BigInt(uniqueNumber % 1_000);
  const clockId = BigInt(Math.floor(uniqueNumber / 1_000) % 1_024);
  let rest = (microseconds << clockIdBits) | clockId;
  let letters = '';
  for (let place = 0; place < lettersTotal; place += 1) {
    letters = (alphabet[Number(rest & 31n)] ?? '') + letters;
    rest >>= 5n;
  }
  return letters;
}
