import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Contender, dueAtOf, type Result } from './contenders.ts';
import { type Backend, openProduct } from './open-product.ts';

/**
 * The product: rows, claim, intent, POST, outcome, timeline.
 * @param accountCount posts of one account go out one after another, as no other contender's do; without it each post has its own account
 */
export function vibetribe(backend: Backend, accountCount?: number): Contender {
  return {
    name: `VibeTribe on ${backend}${accountCount === undefined ? '' : `, ${accountCount} accounts`}`,
    async run(servers, load) {
      await using product = await openProduct(servers, backend, load.concurrency);
      const organization = await product.addOrganization(accountCount ?? load.count);
      const nowMs = Date.now();
      const dueAtMs = Array.from({ length: load.count }, (_, index) => dueAtOf(load, index, nowMs));
      await product.schedule(organization, dueAtMs);
      const startsAtMs = Math.max(Date.now(), nowMs + load.dueInMs);
      await untilPublished(product.pool, load.count);
      return await readResult(product.pool, startsAtMs);
    },
  };
}

/** Looks for what is still open, through a partial index: counting what is published would cost the product its time. */
export async function untilPublished(pool: pg.Pool, count: number): Promise<void> {
  const isOpen = async () => {
    const { rows } = await pool.query<{ open: boolean }>(
      `select exists (select from publications where due_at is not null) as open`,
    );
    return rows[0]?.open === true;
  };
  while (await isOpen()) await sleep(100);
  const { rows } = await pool.query<{ published: number }>(
    `select count(*)::int as published from publications where status = 'published'`,
  );
  if (rows[0]?.published !== count) throw new Error(`${rows[0]?.published} of ${count} posts were published`);
}

/** Acceptance is the outcome's commit: what a user would be told. */
async function readResult(pool: pg.Pool, startsAtMs: number): Promise<Result> {
  const { rows } = await pool.query<{ lateMs: number; atMs: number }>(
    `select greatest(0, extract(epoch from published_at - scheduled_at) * 1000)::float8 as "lateMs",
       extract(epoch from published_at)::float8 * 1000 as "atMs" from publications order by 1`,
  );
  return {
    latenessMs: rows.map(({ lateMs }) => lateMs),
    durationMs: Math.max(...rows.map(({ atMs }) => atMs)) - startsAtMs,
  };
}
