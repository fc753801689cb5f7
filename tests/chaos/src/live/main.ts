import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { runLive } from './run-live.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    kills: { type: 'string', default: '2' },
    backend: { type: 'string', default: 'postgres' },
  },
});
const options = {
  clients: Number(values.clients),
  eventsPerSecond: Number(values.rate),
  seconds: Number(values.seconds),
  kills: Number(values.kills),
};
/** The 99th of a hundred deliveries, from before the commit to the client. */
const latencyMsMax = 150;

await using servers = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-live-servers-'));
servers.defer(() => rm(dataDir, { recursive: true, force: true }));
const postgres = servers.use(await startPostgresServer({ dataDir: join(dataDir, 'postgres'), log: () => undefined }));
const redis = values.backend === 'redis' ? servers.use(await startRedisServer()) : null;

const run = await runLive({ postgresUrl: postgres.url, redisUrl: redis?.url ?? null }, options, (line) =>
  console.log(line),
);
const quantile = (share: number) => run.latenciesMs[Math.floor(run.latenciesMs.length * share)] ?? Number.NaN;
console.log(`\nbackend ${values.backend}, ${options.clients} clients, ${options.eventsPerSecond} events/s for ${options.seconds} s
events ${run.events}, deliveries ${run.deliveries}, connections ${run.connections}, resyncs ${run.resyncs}
missed ${run.missed}, repeated ${run.repeated}, out of order ${run.disordered}
latency outside the kills, ms: p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, p99.9 ${quantile(0.999)}, most ${run.latenciesMs.at(-1)}
everybody back after a kill, ms: ${run.recoveriesMs.join(', ')}`);
const isClean = run.missed + run.repeated + run.disordered + run.resyncs === 0 && quantile(0.99) < latencyMsMax;
console.log(isClean ? 'met' : 'MISSED');
process.exitCode = isClean ? 0 : 1;
