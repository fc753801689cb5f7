import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tidOf } from './tid.ts';

const hourUs = 3_600_000_000;

describe('a record key', () => {
  test('has the form the specification asks for, whatever the id is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((end) => `pub_zzzzzzzzzz${end}`),
        ),
        (partId) => {
          expect(tidOf(partId)).toMatch(/^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/u);
        },
      ),
    );
  });

  test('is the same for the same id, today and after an update: this one is on a platform', () => {
    expect(tidOf('pub_01k9aaaaaaaaaaaaaaaaaaaaaa')).toBe(tidOf('pub_01k9aaaaaaaaaaaaaaaaaaaaaa'));
    expect(tidOf('pub_01k9aaaaaaaaaaaaaaaaaaaaaa')).toBe('3m4v4u7iwpv2i');
  });

  test('differs for each part of each publication, made in the same millisecond too', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `pub_01k9abcdef${index}`);
    expect(new Set(ids.map(tidOf)).size).toBe(ids.length);
    expect(tidOf('pub_01k9abcdef/2')).not.toBe(tidOf('pub_01k9abcdef'));
  });

  test('tells the time at which its id was made, to a few hours, and none that is to come', () => {
    const atMs = Date.parse('2026-11-22T10:00:00Z');
    const toldUs = timeOf(tidOf(`pub_${timeText(atMs)}abcdefghjkmnpqrs`));
    expect(toldUs).toBeLessThanOrEqual(atMs * 1_000);
    expect(toldUs).toBeGreaterThan(atMs * 1_000 - 5 * hourUs);
  });
});

function timeOf(tid: string): number {
  const value = Array.from(tid).reduce(
    (rest, letter) => rest * 32n + BigInt('234567abcdefghijklmnopqrstuvwxyz'.indexOf(letter)),
    0n,
  );
  return Number(value >> 10n);
}

/** As `newId` writes it. */
function timeText(atMs: number): string {
  const digits = atMs.toString(32).padStart(10, '0');
  return digits.replace(/./gu, (digit) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(Number.parseInt(digit, 32)));
}
