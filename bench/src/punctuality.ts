import { bareBullmq } from './bare-bullmq.ts';
import { quantile, type Load, type Result } from './contenders.ts';
import type { Backend } from './open-product.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { takeTurns } from './take-turns.ts';
import { vibetribe } from './vibetribe.ts';

const backends = ['redis', 'postgres'] as const;
const overBareMsMax: Record<Backend, number> = { redis: 160, postgres: 60 };

/** How late posts are that were scheduled beforehand. */
export async function punctuality(servers: Servers, { rounds, concurrency }: Settings): Promise<void> {
  for (const backend of backends) {
    print(`\n## Lateness: 5,000 due in the same second, ${backend}, median of ${rounds} rounds, ms`);
    const { ours, bare } = await measure(
      servers,
      backend,
      { count: 5_000, concurrency, dueInMs: 15_000, spreadMs: 0 },
      rounds,
    );
    verdict('p50, to the bare loop', ours(0.5) / bare(0.5), { atMost: 3 });
    verdict('p99, to the bare loop', ours(0.99) / bare(0.99), { atMost: 3 });
  }
  for (const backend of backends) {
    print(`\n## Lateness: 2,000 spread over 60 s, ${backend}, median of ${rounds} rounds, ms`);
    const { ours, bare } = await measure(
      servers,
      backend,
      { count: 2_000, concurrency, dueInMs: 10_000, spreadMs: 60_000 },
      rounds,
    );
    verdict('p99, ms above the bare loop', ours(0.99) - bare(0.99), { atMost: overBareMsMax[backend] }, 0);
  }
}

async function measure(servers: Servers, backend: Backend, load: Load, rounds: number) {
  const contenders = [vibetribe(backend), bareBullmq(backend)] as const;
  const resultsOf = await takeTurns(servers, contenders, load, rounds);
  for (const { name } of contenders) {
    const late = (share: number) => spread(quantiles(resultsOf(name), share));
    print(`${name.padEnd(24)} p50 ${late(0.5)}   p99 ${late(0.99)}`);
  }
  const [ours, bare] = contenders.map(
    ({ name }) =>
      (share: number) =>
        median(quantiles(resultsOf(name), share)),
  );
  return { ours: ours ?? (() => 0), bare: bare ?? (() => 0) };
}

function quantiles(results: readonly Result[], share: number): number[] {
  return results.map(({ latenessMs }) => quantile(latenessMs, share));
}
