import { createHash } from 'node:crypto';

const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const lettersTotal = 13;
const clockIdBits = 10n;
/** 2 hours and 23 minutes, in microseconds. */
const spanBits = 33n;

/**
 * A timestamp identifier, https://atproto.com/specs/tid: 53 bits of microseconds, 10 bits that tell writers apart, in 13 letters that sort
 * by time. It is made of the part's id alone: a publication that was forgotten with its key gets the same place again. Its time is that of
 * the id, coarsely and never in the future. What is below the time comes from a digest of the whole id.
 */
export function tidOf(partId: string): string {
  const digest = BigInt(`0x${createHash('sha256').update(partId).digest('hex').slice(0, 16)}`);
  const span = (BigInt(timeOf(partId)) * 1_000n) >> spanBits;
  const digestBits = spanBits + clockIdBits;
  const before = span > 0n ? span - 1n : 0n;
  let rest = (before << digestBits) | (digest & ((1n << digestBits) - 1n));
  let letters = '';
  for (let place = 0; place < lettersTotal; place += 1) {
    letters = (alphabet[Number(rest & 31n)] ?? '') + letters;
    rest >>= 5n;
  }
  return letters;
}

const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** A year beyond is no id of ours: the letters that the time is read from say nothing then. */
const latestMs = Date.UTC(2200, 0, 1);

/** When the id was made, ms; 0 where it does not tell. */
function timeOf(partId: string): number {
  const text = /^[a-z]+_([0-9a-hjkmnp-tv-z]{10})/u.exec(partId)?.[1] ?? '';
  const atMs = Array.from(text).reduce((ms, letter) => ms * 32 + idAlphabet.indexOf(letter), 0);
  return atMs > latestMs ? 0 : atMs;
}
