import { bareBullmq } from './bare-bullmq.ts';
import { naiveGraphile, naivePgBoss } from './other-queues.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';
import { takeTurns } from './take-turns.ts';
import { vibetribe } from './vibetribe.ts';

/** Posts that are due when they arrive: how many are accepted in a second. */
export async function throughput(servers: Servers, { rounds, count, concurrency }: Settings): Promise<void> {
  print(`\n## Publish throughput: ${count} posts that are due, ${concurrency} at once, median of ${rounds} rounds, posts/s`);
  const contenders = [vibetribe('redis'), bareBullmq('redis'), vibetribe('postgres'), bareBullmq('postgres'), naivePgBoss, naiveGraphile];
  const resultsOf = await takeTurns(servers, contenders, { count, concurrency, dueInMs: 0, spreadMs: 0 }, rounds);
  const perSecond = (name: string) => resultsOf(name).map(({ durationMs }) => (count / durationMs) * 1000);
  for (const { name } of contenders) print(`${name.padEnd(24)} ${spread(perSecond(name))}`);

  const ratio = (name: string, other: string) => median(perSecond(name)) / median(perSecond(other));
  verdict('Redis, to bare BullMQ', ratio('VibeTribe on redis', 'bare BullMQ on redis'), { atLeast: 0.25 });
  verdict('PostgreSQL, to bare BullMQ', ratio('VibeTribe on postgres', 'bare BullMQ on postgres'), { atLeast: 0.8 });
  verdict('PostgreSQL, to naive pg-boss', ratio('VibeTribe on postgres', 'naive pg-boss'), { atLeast: 1 });
  verdict('PostgreSQL, to naive graphile-worker', ratio('VibeTribe on postgres', 'naive graphile-worker'), { atLeast: 1 });
}
