import { adapters } from '@vibetribe/platforms/registry';
import type { MetricReading, MetricsSupport } from '@vibetribe/platforms/port/metrics';
import type { Actor } from '../actor.ts';
import { type AccountsHarness, createAccountsHarness } from '../accounts/test-accounts.ts';
import type { MetricsDependencies } from './read-account-metrics.ts';

type ReadPosts = MetricsSupport['readPosts'];

/** What a platform of our own says, and what it was asked. */
export interface FakeMetrics {
  support: MetricsSupport;
  /** By platform post id; what is missing is gone. */
  readonly posts: Map<string, readonly MetricReading[]>;
  account: readonly MetricReading[];
  /** Ids of each request, the account's own as `account`. */
  readonly asked: (readonly string[])[];
  beforeAnswer: (call: Parameters<ReadPosts>[0] | null) => Promise<void>;
}

export interface MetricsHarness extends AccountsHarness {
  readonly fake: FakeMetrics;
  deps(monthlyUsd?: number): MetricsDependencies;
  /** A published post of the account, this old; what it is called on the platform. */
  publish(
    actor: Actor,
    accountId: string,
    ageHours?: number,
  ): Promise<{ publicationId: string; platformPostId: string }>;
  /** As at the beginning, with no account and no post. */
  reset(): Promise<void>;
  /** Everything is due. */
  makeDue(): Promise<void>;
}

export function reading(metric: MetricReading['metric'], value: number | null, definitionVersion = '1'): MetricReading {
  return { metric, value, source: `native_${metric}`, definitionVersion };
}

/** The core over a real database, with X's numbers told by the test. */
export async function createMetricsHarness(postgresUrl: string): Promise<MetricsHarness> {
  const harness = await createAccountsHarness(postgresUrl);
  const fake: FakeMetrics = {
    posts: new Map(),
    account: [],
    asked: [],
    beforeAnswer: async () => undefined,
    support: {
      postsPerRequest: 3,
      postDaysMax: null,
      async readPosts(call) {
        fake.asked.push(call.posts.map(({ platformPostId }) => platformPostId));
        await fake.beforeAnswer(call);
        return new Map(
          call.posts.flatMap(({ platformPostId }) => {
            const found = fake.posts.get(platformPostId);
            return found === undefined ? [] : [[platformPostId, found] as const];
          }),
        );
      },
      async readAccount() {
        fake.asked.push(['account']);
        await fake.beforeAnswer(null);
        return fake.account;
      },
    },
  };
  let published = 0;
  return {
    ...harness,
    fake,
    deps: (monthlyUsd) => ({
      ...harness.core,
      metricsMonthlyUsd: () => monthlyUsd ?? null,
      adapters: { ...adapters, x: { ...adapters.x, metrics: fake.support } },
    }),
    async publish(actor, accountId, ageHours = 1) {
      published += 1;
      const platformPostId = `native${published}`;
      const publicationId = await harness.addPublication(actor, accountId, {
        status: 'published',
        platformPostId,
        publishedAt: new Date(Date.now() - ageHours * 3_600_000),
      });
      return { publicationId, platformPostId };
    },
    async reset() {
      for (const table of ['publications', 'metric_subjects', 'accounts', 'metric_costs', 'organization_costs'])
        await harness.sql(`delete from ${table}`);
      const { cost: _cost, ...support } = fake.support;
      fake.support = support;
      fake.posts.clear();
      fake.asked.length = 0;
      fake.account = [reading('followers', 7)];
      fake.beforeAnswer = async () => undefined;
    },
    makeDue: async () => void (await harness.sql(`update metric_subjects set due_at = now() where due_at is not null`)),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}
