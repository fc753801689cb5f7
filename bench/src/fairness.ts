import { openProduct, type Backend } from './open-product.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { untilPublished } from './vibetribe.ts';

const crowd = 5_000;
const dueInMs = 15_000;

/** One organization's thousands at a second, and another's one post at the same second. */
export async function fairness(servers: Servers, { rounds, concurrency }: Settings): Promise<void> {
  for (const backend of ['redis', 'postgres'] as const) {
    print(
      `\n## Fairness: one post beside another tenant's ${crowd} at the same second, ${backend}, median of ${rounds} rounds, ms late`,
    );
    const alone: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await latenessMs(servers, backend, concurrency, 0));
      beside.push(await latenessMs(servers, backend, concurrency, crowd));
    }
    print(`alone  ${spread(alone)}\nbeside ${spread(beside)}`);
    verdict('ms later than alone', median(beside) - median(alone), { atMost: 1_000 }, 0);
  }
}

async function latenessMs(servers: Servers, backend: Backend, concurrency: number, others: number): Promise<number> {
  await using product = await openProduct(servers, backend, concurrency);
  const [crowded, single] = [await product.addOrganization(50), await product.addOrganization(1)];
  const dueAtMs = Date.now() + (others === 0 ? 3_000 : dueInMs);
  if (others > 0)
    await product.schedule(
      crowded,
      Array.from({ length: others }, () => dueAtMs),
    );
  await product.schedule(single, [dueAtMs]);
  await untilPublished(product.pool, others + 1);
  const { rows } = await product.pool.query<{ lateMs: number }>(
    `select (extract(epoch from published_at - scheduled_at) * 1000)::float8 as "lateMs" from publications where organization_id = $1`,
    [single.id],
  );
  return rows[0]?.lateMs ?? Number.NaN;
}
