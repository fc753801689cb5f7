import { expect, test } from 'vitest';
import { waitFor } from './wait-for.ts';

test('it returns the first truthy value', async () => {
  let turns = 0;
  expect(await waitFor(() => (++turns === 3 ? 'done' : null), { describe: 'three turns' })).toBe('done');
});

test('it ends at its bound and tells what was awaited and why it was not met', async () => {
  const cause = new Error('not yet');
  const waiting = waitFor(() => Promise.reject(cause), { describe: () => 'the moon', timeoutMs: 50 });
  await expect(waiting).rejects.toMatchObject({ message: 'Not within 50 ms: the moon', cause });
});
