import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { dispatchOnce } from '../dispatch/dispatch.ts';
import { noFailpoints } from '../failpoints.ts';
import { createPublishingEngine } from '../publishing-engine.ts';
import { createTestHarness, type TestHarness, withoutFiles } from '../testing/test-harness.ts';

const limit = { posts: 10, windowMs: 1_000 };
const postCount = 100;

test(
  'a hundred posts over a limit of ten a second cost few requests more, go out in order, and have short timelines',
  { timeout: 90_000 },
  async () => {
    await using harness = await createTestHarness(inject('postgresUrl'));
    const { requests, accepted } = await publishAll(harness, harness.deps);
    expect(accepted.toSorted()).toEqual(texts().toSorted());
    expect(requests).toBeLessThanOrEqual(postCount * 1.2);
    // What was under way when the limit was met comes in as it does.
    expect(accepted.slice(40)).toEqual(accepted.slice(40).toSorted());
    const timelines = await harness.sql<{ events: number }>(
      'select count(*)::int as events from events where publication_id is not null group by publication_id order by 1',
    );
    expect(timelines[postCount / 2]?.events).toBeLessThanOrEqual(8);
    // One that was refused by the platform more than once has an entry for each refusal.
    expect(timelines.at(-1)?.events).toBeLessThanOrEqual(20);
  },
);

test('ablation: without their line nearly every post asks in vain, again and again', { timeout: 90_000 }, async () => {
  await using harness = await createTestHarness(inject('postgresUrl'));
  const failpoints = { ...noFailpoints, has: (protection: string) => protection !== 'account_line' };
  const { requests } = await publishAll(harness, { ...harness.deps, failpoints }, postCount / 2);
  expect(requests).toBeGreaterThan((postCount / 2) * 1.2);
});

const texts = (count = postCount) =>
  Array.from({ length: count }, (_, index) => `Post ${String(index).padStart(3, '0')}`);

/** Posts of one account that are due in ten seconds of the past, with everything a publisher does but the queue. */
async function publishAll(harness: TestHarness, deps: CoreDependencies, count = postCount) {
  const platform = limitedPlatform(harness);
  const core = { ...deps, adapters: { ...deps.adapters, x: platform.adapter } };
  const account = await harness.addAccount();
  for (const [index, text] of texts(count).entries())
    await harness.addPublication({ ...account, text, dueInMs: (Math.floor(index / 10) - count / 10) * 1_000 });
  const options = { settings: harness.settings, owner: 'test', media: withoutFiles, random: () => 0 };
  await using engine = createPublishingEngine(core, options);
  const underWay = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  const enqueue = async (jobs: readonly { publicationId: string; delayMs: number }[]) => {
    for (const { publicationId, delayMs } of jobs) {
      const start = () => {
        const run = engine.publish(publicationId).finally(() => underWay.delete(run));
        underWay.add(run);
      };
      timers.add(setTimeout(start, delayMs));
    }
  };
  const open = async () => {
    await dispatchOnce(core, harness.settings, enqueue, new AbortController().signal);
    const [row] = await harness.sql<{ open: number }>(
      `select count(*)::int as open from publications where status <> 'published'`,
    );
    return row?.open ?? 0;
  };
  await waitFor(async () => (await open()) === 0, { timeoutMs: 80_000, describe: 'all posts are published' });
  for (const timer of timers) clearTimeout(timer);
  await Promise.all(underWay);
  return platform;
}

/** Says what it takes by refusing, with the time at which it will take more. */
function limitedPlatform({ platform: { adapter } }: TestHarness) {
  const told = { requests: 0, accepted: [] as string[] };
  let window = { startsAtMs: 0, posts: 0 };
  const take = (text: string) => {
    told.requests += 1;
    const nowMs = performance.now();
    if (nowMs - window.startsAtMs > limit.windowMs) window = { startsAtMs: nowMs, posts: 0 };
    window.posts += 1;
    if (window.posts > limit.posts) {
      const retryAfterMs = Math.ceil(window.startsAtMs + limit.windowMs - nowMs) + 1;
      throw new PlatformError('rate_limit', 'Too many posts', { platformCode: '429', retryAfterMs });
    }
    told.accepted.push(text);
    return text;
  };
  return Object.assign(told, {
    adapter: {
      ...adapter,
      publish: async (run) => {
        const id = await run.step({ name: 'publish', effect: 'once', run: async () => take(run.content.text) });
        return { kind: 'published', platformPostId: id, url: null };
      },
    } satisfies CoreDependencies['adapters']['x'],
  });
}
