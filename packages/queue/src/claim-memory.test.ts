import { expect, test } from 'vitest';
import { openClaimMemory, type RememberedClaim } from './claim-memory.ts';
import { openTestBackend } from './test-backend.ts';

const clock = { now: () => new Date() };
const claim = (index: number): RememberedClaim => ({
  publicationId: `pub_${index}`,
  organizationId: 'org',
  postId: `pst_${index}`,
  fence: 1,
});

test('on Redis the newest thousand claims of all publishers are remembered, until they are forgotten on purpose', async () => {
  await using backend = await openTestBackend('redis');
  const [one, other] = [
    openClaimMemory(await backend.connect(), clock),
    openClaimMemory(await backend.connect(), clock),
  ];
  for (let first = 0; first < 1_200; first += 100)
    one?.add(Array.from({ length: 100 }, (_, index) => claim(first + index)));
  other?.add([{ ...claim(0), fence: 2 }]);
  await expect.poll(async () => (await other?.read())?.length).toBe(1_000);
  await expect.poll(() => other?.read()).toContainEqual({ ...claim(0), fence: 2 });
  expect(await other?.read()).toContainEqual(claim(1_199));
  await other?.clear();
  expect(await one?.read()).toEqual([]);
});

test('on PostgreSQL there is none: it would go back in time with the database', async () => {
  await using backend = await openTestBackend('postgres');
  expect(openClaimMemory(await backend.connect(), clock)).toBeNull();
});
