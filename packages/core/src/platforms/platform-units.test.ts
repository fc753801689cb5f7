import { adapters } from '@vibetribe/platforms/registry';
import { expect, inject, test } from 'vitest';
import { readAppUsage } from '../accounts/read/app-usage.ts';
import { createUnitCounter } from './platform-units.ts';
import { createTestHarness } from '../publishing/testing/test-harness.ts';

test('what calls cost is counted for the day of the platform, by every process together, and a day before is forgotten', async () => {
  await using harness = await createTestHarness(inject('postgresUrl'));
  const [platform] = Object.values(adapters).flatMap(({ id, limits }) => (limits.appUnitsPerDay ? [id] : []));
  if (platform === undefined) throw new Error('no platform counts in units');
  const limit = adapters[platform].limits.appUnitsPerDay?.limit ?? 0;
  const used = async () =>
    (await readAppUsage(harness.deps, [{ platform, credentialSource: 'oauth' }])).get(platform)?.units;
  expect(await used()).toMatchObject({ limit, used: 0 });

  const [one, other] = [createUnitCounter(harness.deps), createUnitCounter(harness.deps)];
  const path = '/youtube/v3/videos';
  for (const method of ['GET', 'PUT']) for (const counter of [one, other]) counter.count({ platform, method, path });
  one.count({ platform, method: 'POST', path: '/token' });
  one.count({ platform: 'x', method: 'POST', path: '/2/tweets' });
  for (const counter of [one, other]) await counter[Symbol.asyncDispose]();
  const told = await used();
  expect(told?.used).toBe(102);
  const leftMs = (told?.resetAtMs ?? 0) - Date.now();
  expect(leftMs).toBeGreaterThan(-60_000);
  expect(leftMs).toBeLessThanOrEqual(25 * 3_600_000);

  await harness.sql(`update app_limits set units_day = units_day - 1`);
  expect(await used()).toMatchObject({ used: 0 });
  await using next = createUnitCounter(harness.deps);
  next.count({ platform, method: 'GET', path });
  await next.write();
  expect(await used()).toMatchObject({ used: 1 });
  expect(await readAppUsage(harness.deps, [{ platform, credentialSource: 'manual' }])).toEqual(new Map());
});
