import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { failpointCases } from './failpoint-cases.ts';
import { type Lab, startLab } from './lab.ts';
import { startLabSandbox } from './lab-sandbox.ts';
import { type ChaosPlatform, chaosPlatforms } from './product-environment.ts';
import { runFailpointCase } from './run-failpoint-case.ts';
import { createSeededRandom } from './seeded-random.ts';

/** Complete in the full run; otherwise as many as this, drawn by the seed that the run prints. */
const sampleSize = 4;
const seed = Number(process.env['TEST_SEED'] ?? 1);
const isFull = process.env['TEST_FULL'] === '1';
const cases = isFull ? failpointCases : createSeededRandom(seed).fork('failpoints').sample(failpointCases, sampleSize);
console.log(`TEST_SEED=${seed}: ${cases.length} of ${failpointCases.length} failpoint cases`);

/** Leases in the proportions of their defaults, short enough to be waited for. */
const env = {
  CLAIM_LEASE_MS: '4000',
  PUBLISH_TIMEOUT_MS: '2000',
  RECONCILE_QUIET_MS: '500',
  SWEEP_INTERVAL_MS: '250',
};

const labs = new Map<ChaosPlatform, Lab>();
const running = new AsyncDisposableStack();

beforeAll(async () => {
  const { sandbox, dataDir } = running.use(await startLabSandbox());
  for (const platform of chaosPlatforms) {
    labs.set(platform, running.use(await startLab({ postgresUrl: inject('postgresUrl'), sandbox, dataDir, env })));
  }
}, 300_000);
afterAll(() => running.disposeAsync(), 120_000);

test.each(cases)('$name, $action: the post goes out once on every platform', { timeout: 600_000 }, async (each) => {
  const ends = await Promise.all(
    each.platforms.map(async (platform) => {
      const lab = labs.get(platform);
      if (lab === undefined) throw new Error(`there is no lab for ${platform}`);
      return { platform, ...(await runFailpointCase(lab, each, platform)) };
    }),
  );
  expect(ends).toEqual(each.platforms.map((platform) => ({ platform, status: 'published', violations: [] })));
});

test('a publisher as production starts it knows no failpoints', { timeout: 300_000 }, async () => {
  const lab = labs.get('mastodon');
  if (lab === undefined) throw new Error('there is no lab');
  await using publisher = await lab.startPublisher({
    isProduction: true,
    failpoints: ['claim:before_commit=kill', 'send:before_request=throw'],
  });
  const post = await lab.schedule('mastodon');
  expect(await lab.ended(post, 120_000)).toBe('published');
  expect(await lab.check(post)).toEqual([]);
  expect(publisher.output()).not.toContain('failpoint');
});

test('a publisher finds what is held for a reason that is over', { timeout: 300_000 }, async () => {
  const lab = labs.get('mastodon');
  if (lab === undefined) throw new Error('there is no lab');
  const post = await lab.schedule('mastodon');
  await lab.sql(
    `update publications set status = 'waiting', waiting_reason = 'paused', waiting_detail = 'held', due_at = null where status = 'scheduled'`,
    [],
  );
  await using _publisher = await lab.startPublisher({ isProduction: true });
  expect(await lab.ended(post, 60_000)).toBe('published');
  expect(await lab.check(post)).toEqual([]);
});
