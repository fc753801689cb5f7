import { bareBullmq } from './bare-bullmq.ts';
import { type Contender, type Load, quantile, type Result } from './contenders.ts';
import { naiveGraphile, naivePgBoss } from './other-queues.ts';
import { type Servers, startServers } from './servers.ts';
import { vibetribe } from './vibetribe.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const count = Number(process.env['BENCH_COUNT'] ?? 3_000);
const concurrency = 50;

const print = (line: string) => process.stdout.write(`${line}\n`);

await using servers = await startServers();
const wanted = new Set(process.argv.slice(2));
const sections: Record<string, () => Promise<void>> = {
  throughput: () => throughput(servers),
  punctuality: () => punctuality(servers),
};
for (const [name, run] of Object.entries(sections)) if (wanted.size === 0 || wanted.has(name)) await run();

/** Contenders take turns, so that whatever else the machine does strikes all of them. */
async function takeTurns(contenders: readonly Contender[], load: Load): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) results.get(contender.name)?.push(await contender.run(servers, load));
  }
  return results;
}

async function throughput(_servers: Servers): Promise<void> {
  print(`\n## Publish throughput: ${count} posts that are due, ${concurrency} at once, median of ${rounds}`);
  const contenders = [vibetribe('redis'), bareBullmq('redis'), vibetribe('postgres'), bareBullmq('postgres'), naivePgBoss, naiveGraphile];
  const results = await takeTurns(contenders, { count, concurrency, dueInMs: 0, spreadMs: 0 });
  const perSecond = (name: string) => median((results.get(name) ?? []).map(({ durationMs }) => (count / durationMs) * 1000));
  for (const { name } of contenders) print(`${name.padEnd(24)} ${perSecond(name).toFixed(0).padStart(6)} posts/s`);
  print(`ratio to bare BullMQ on redis:    ${(perSecond('VibeTribe on redis') / perSecond('bare BullMQ on redis')).toFixed(2)}  (wanted: 0.25)`);
  print(`ratio to bare BullMQ on postgres: ${(perSecond('VibeTribe on postgres') / perSecond('bare BullMQ on postgres')).toFixed(2)}  (wanted: 0.80)`);
  print(`ratio to naive pg-boss:           ${(perSecond('VibeTribe on postgres') / perSecond('naive pg-boss')).toFixed(2)}  (wanted: 1.00)`);
  print(`ratio to naive graphile-worker:   ${(perSecond('VibeTribe on postgres') / perSecond('naive graphile-worker')).toFixed(2)}  (wanted: 1.00)`);
}

async function punctuality(_servers: Servers): Promise<void> {
  for (const load of [
    { title: '5,000 due in the same second', count: 5_000, concurrency, dueInMs: 15_000, spreadMs: 0 },
    { title: '2,000 spread over 60 s', count: 2_000, concurrency, dueInMs: 10_000, spreadMs: 60_000 },
  ]) {
    print(`\n## Lateness: ${load.title}, median of ${rounds}`);
    for (const backend of ['redis', 'postgres'] as const) {
      const contenders = [vibetribe(backend), bareBullmq(backend)];
      const results = await takeTurns(contenders, load);
      const late = (name: string, share: number) => median((results.get(name) ?? []).map(({ latenessMs }) => quantile(latenessMs, share)));
      for (const { name } of contenders) print(`${name.padEnd(24)} p50 ${late(name, 0.5).toFixed(0).padStart(6)} ms   p99 ${late(name, 0.99).toFixed(0).padStart(6)} ms`);
    }
  }
}

function median(values: readonly number[]): number {
  return quantile(values.toSorted((left, right) => left - right), 0.5);
}
