import { afterEach, inject } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { createPublishingEngine, type PublishingEngine } from '../publishing-engine.ts';
import { createTestHarness, type TestHarness, withoutFiles } from './test-harness.ts';

export const hourMs = 3_600_000;

afterEach(() =>
  engines.splice(0).reduce((ended, engine) => ended.then(() => engine[Symbol.asyncDispose]()), Promise.resolve()),
);
const engines: PublishingEngine[] = [];

export async function harnessWith(limits: { appPostsPerDay?: number } = {}): Promise<TestHarness> {
  return createTestHarness(inject('postgresUrl'), limits);
}

export function engineOf(harness: TestHarness, deps: Partial<CoreDependencies> = {}): PublishingEngine {
  const engine = createPublishingEngine(
    { ...harness.deps, ...deps },
    {
      settings: harness.settings,
      owner: 'test',
      media: withoutFiles,
      random: () => 0,
    },
  );
  engines.push(engine);
  return engine;
}

interface Row {
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  waiting_detail: string | null;
  due_in_ms: number | null;
}

export async function readAll(harness: TestHarness): Promise<Row[]> {
  return harness.sql<Row>(
    `select status, attempts, retries_used, waiting_reason, waiting_detail,
       extract(epoch from due_at - clock_timestamp())::float8 * 1000 as due_in_ms from publications order by due_at nulls first`,
  );
}

export async function addPosts(
  harness: TestHarness,
  account: { organizationId: string; accountId: string },
  count: number,
): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => harness.addPublication({ ...account, text: `Post ${index}` })),
  );
}

export const makeDue = (harness: TestHarness) =>
  harness.sql(`update publications set due_at = now() - interval '1 ms' where due_at is not null`);
