import { parseOptions } from '@node-rs/argon2';
import { describe, expect, test } from 'vitest';
import { createPasswordHasher } from './password.ts';

const hasher = createPasswordHasher({ concurrencyMax: 2 });

test('the right password is accepted and any other refused', async () => {
  const passwordHash = await hasher.hash('correct horse');
  expect(await hasher.verify('correct horse', passwordHash)).toBe(true);
  expect(await hasher.verify('correct horse ', passwordHash)).toBe(false);
  expect(await hasher.verify('', passwordHash)).toBe(false);
});

test('argon2id with at least 19 MiB, two passes and a salt of its own', async () => {
  const passwordHash = await hasher.hash('correct horse');
  expect(passwordHash).toMatch(/^\$argon2id\$v=19\$/);
  const { memoryCost, timeCost, parallelism, saltLen } = parseOptions(passwordHash);
  expect(memoryCost).toBeGreaterThanOrEqual(19 * 1024);
  expect(timeCost).toBeGreaterThanOrEqual(2);
  expect(parallelism).toBe(1);
  expect(saltLen).toBeGreaterThanOrEqual(16);
  expect(await hasher.hash('correct horse')).not.toBe(passwordHash);
});

test('a password is the same however its letters are composed', async () => {
  const passwordHash = await hasher.hash('caf\u00e9 au lait');
  expect(await hasher.verify('cafe\u0301 au lait', passwordHash)).toBe(true);
});

describe('a user who does not exist', () => {
  test('is refused', async () => {
    expect(await hasher.verifyAgainstNobody('correct horse')).toBe(false);
    expect(await hasher.verifyAgainstNobody('')).toBe(false);
  });

  test('is really computed for, and not answered at once', async () => {
    const passwordHash = await hasher.hash('correct horse');
    const known = await leastMs(() => hasher.verify('wrong', passwordHash));
    const unknown = await leastMs(() => hasher.verifyAgainstNobody('wrong'));
    // An answer without the computation takes a thousandth; a tenth leaves room for whatever else the machine does.
    expect(unknown).toBeGreaterThan(known / 10);
  });
});

/** The least of several runs: what the work costs without what else the machine was doing. */
async function leastMs(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run += 1) {
    const startedAtMs = performance.now();
    await work();
    least = Math.min(least, performance.now() - startedAtMs);
  }
  return least;
}
