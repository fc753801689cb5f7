import { randomInt } from 'node:crypto';

const alphabet = '234567abcdefghijklmnopqrstuvwxyz';

/** https://atproto.com/specs/tid */
export function isTid(text: string): boolean {
  return /^[234567a-j][234567a-z]{12}$/.test(text);
}

/** Makes increasing TIDs: 53 bits of microseconds, 10 bits of clock id. */
export function createTids(wallMs: () => number): () => string {
  const clockId = BigInt(randomInt(1024));
  let lastMicros = 0n;
  return () => {
    const micros = BigInt(wallMs()) * 1000n;
    lastMicros = micros > lastMicros ? micros : lastMicros + 1n;
    let rest = (lastMicros << 10n) | clockId;
    let text = '';
    for (let index = 0; index < 13; index += 1) {
      text = alphabet.charAt(Number(rest & 31n)) + text;
      rest >>= 5n;
    }
    return text;
  };
}
