import { bareBullmq } from './bare-bullmq.ts';
import type { Contender } from './contenders.ts';
import { naiveGraphile, naivePgBoss } from './other-queues.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { takeTurns } from './take-turns.ts';
import { vibetribe } from './vibetribe.ts';

const aheadMs = 10_000;
const fewAccounts = 50;
const inLines = [vibetribe('redis', fewAccounts), vibetribe('postgres', fewAccounts)];
const withBare = [vibetribe('redis'), bareBullmq('redis'), vibetribe('postgres'), bareBullmq('postgres')];

/** How many posts are accepted in a second: scheduled ahead and due at the same moment, then due as they are written. */
export async function throughput(servers: Servers, settings: Settings): Promise<void> {
  const { rounds, count, concurrency } = settings;
  const sizes = `${count} posts, ${concurrency} at once, median of ${rounds} rounds, posts/s`;
  print(`\n## Publish throughput, scheduled ahead: ${sizes}`);
  const ahead = await measure(servers, settings, [...withBare, ...inLines, naivePgBoss, naiveGraphile], aheadMs);
  verdict('Redis, to bare BullMQ', ahead('VibeTribe on redis', 'bare BullMQ on redis'), { atLeast: 0.25 });
  verdict('PostgreSQL, to bare BullMQ', ahead('VibeTribe on postgres', 'bare BullMQ on postgres'), { atLeast: 0.8 });
  verdict('PostgreSQL, to naive pg-boss', ahead('VibeTribe on postgres', 'naive pg-boss'), { atLeast: 1 });
  verdict('PostgreSQL, to naive graphile-worker', ahead('VibeTribe on postgres', 'naive graphile-worker'), {
    atLeast: 1,
  });
  for (const backend of ['redis', 'postgres']) {
    const [inLine, free] = [`VibeTribe on ${backend}, ${fewAccounts} accounts`, `VibeTribe on ${backend}`];
    verdict(`${inLine}, to an account for each post`, ahead(inLine, free), { atLeast: 0.5 });
  }

  print(`\n## Publish throughput, due as they are written: ${sizes}`);
  const due = await measure(servers, settings, withBare, 0);
  verdict('Redis, to bare BullMQ', due('VibeTribe on redis', 'bare BullMQ on redis'), { atLeast: 0.25 });
  verdict('PostgreSQL, to bare BullMQ', due('VibeTribe on postgres', 'bare BullMQ on postgres'), { atLeast: 0.8 });
}

async function measure(
  servers: Servers,
  { rounds, count, concurrency }: Settings,
  contenders: readonly Contender[],
  dueInMs: number,
) {
  const resultsOf = await takeTurns(servers, contenders, { count, concurrency, dueInMs, spreadMs: 0 }, rounds);
  const perSecond = (name: string) => resultsOf(name).map(({ durationMs }) => (count / durationMs) * 1000);
  for (const { name } of contenders) print(`${name.padEnd(36)} ${spread(perSecond(name))}`);
  return (name: string, other: string) => median(perSecond(name)) / median(perSecond(other));
}
