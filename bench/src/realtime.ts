import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { newId } from '@vibetribe/db/new-id';
import { recordBackend } from '@vibetribe/queue/record-backend';
import { Redis } from 'ioredis';
import pg from 'pg';
import { quantile } from './contenders.ts';
import { type ApiReplicas, openApiReplicas } from './open-api-replicas.ts';
import type { ClientsReport } from './realtime-clients.ts';
import { print, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';

const eventsPerSecond = 20;
const seconds = 60;
/** Seconds after the beginning; it is started again at once. */
const killsAt = [15, 35];
/** What was committed from a kill until so long after the process is back is not counted as outside the kills. */
const settlingMs = 5_000;
/** The last ones may take so long. */
const arrivalMaxMs = 30_000;

/** Every client sees every event once, one of two processes being killed twice, and soon. */
export async function realtime(servers: Servers, { sockets }: Settings): Promise<void> {
  print(
    `\n## Realtime: ${sockets} sockets at two processes, ${eventsPerSecond} events a second for ${seconds} s, one killed ${killsAt.length} times`,
  );
  await using opening = new AsyncDisposableStack();
  const api = opening.use(await openApiReplicas(servers));
  const pool = opening.adopt(new pg.Pool({ connectionString: api.databaseUrl, max: 4 }), (opened) => opened.end());
  const redis = opening.adopt(new Redis(servers.redisUrl), (opened) => opened.disconnect());
  const { prefix } = await recordBackend(pool, 'redis');
  const notify = () => redis.publish(`${prefix}:bus:events`, '');
  const clients = fork(fileURLToPath(new URL('realtime-clients.ts', import.meta.url)), { serialization: 'advanced' });
  opening.defer(() => void clients.kill());
  const opened = toldBy(clients, 'opened');
  clients.send({ type: 'open', origins: api.origins, accessToken: api.accessToken, count: sockets });
  await opened;
  print(`all are open; load ${loadavg()[0]?.toFixed(1)}`);

  const committedAtMs = new Map<string, number>();
  const disturbed: { from: number; to: number }[] = [];
  const kills = killAndStart(api, disturbed);
  const commits: Promise<void>[] = [];
  const startedAtMs = nowMs();
  for (let sent = 0; sent < seconds * eventsPerSecond; sent += 1) {
    await until(startedAtMs + (sent * 1_000) / eventsPerSecond);
    commits.push(commitOne(pool, notify, api.organizationId, committedAtMs));
  }
  await Promise.all([...commits, kills]);
  print(`all are committed; load ${loadavg()[0]?.toFixed(1)}`);
  await new Promise((resolve) => setTimeout(resolve, arrivalMaxMs));
  const reported = toldBy(clients, 'report');
  clients.send({ type: 'report' });
  tell((await reported) as ClientsReport, { committedAtMs, disturbed, sockets });
}

async function killAndStart(api: ApiReplicas, disturbed: { from: number; to: number }[]): Promise<void> {
  const startedAtMs = nowMs();
  for (const second of killsAt) {
    await until(startedAtMs + second * 1_000);
    const from = nowMs();
    await api.killAndStart();
    disturbed.push({ from, to: nowMs() + settlingMs });
  }
}

/** A post and its event in one transaction, then the hint, as the product does it. */
async function commitOne(
  pool: pg.Pool,
  notify: () => Promise<unknown>,
  organizationId: string,
  committedAtMs: Map<string, number>,
): Promise<void> {
  const id = newId('post');
  await pool.query(
    `with made as (insert into posts (id, organization_id, content) values ($1, $2, 'Post') returning id)
     insert into events (organization_id, post_id, type, message) select $2, id, 'post.created', 'Created.' from made`,
    [id, organizationId],
  );
  committedAtMs.set(id, nowMs());
  await notify();
}

function tell(
  { seenAtMs, repeats, resyncs, reconnects }: ClientsReport,
  {
    committedAtMs,
    disturbed,
    sockets,
  }: { committedAtMs: Map<string, number>; disturbed: { from: number; to: number }[]; sockets: number },
): void {
  let missed = 0;
  const [quiet, all]: [number[], number[]] = [[], []];
  for (const [id, atMs] of committedAtMs) {
    const seen = seenAtMs[id] ?? [];
    missed += sockets - seen.length;
    const late = seen.map((at) => Math.max(0, at - atMs));
    all.push(...late);
    if (!disturbed.some(({ from, to }) => atMs >= from - settlingMs && atMs <= to)) quiet.push(...late);
  }
  for (const list of [quiet, all]) list.sort((left, right) => left - right);
  const shown = (list: number[]) => [0.5, 0.99, 1].map((at) => quantile(list, at).toFixed(0)).join(' / ');
  print(
    `commit to client, ms, p50 / p99 / most: outside the kills ${shown(quiet)}, all ${shown(all)}; ${reconnects} reconnects`,
  );
  verdict('events missed', missed, { atMost: 0 }, 0);
  verdict('events repeated', repeats, { atMost: 0 }, 0);
  verdict('told to read anew', resyncs, { atMost: 0 }, 0);
  verdict('commit to client at p99 outside the kills, ms', quantile(quiet, 0.99), { atMost: 150 }, 0);
}

async function toldBy(clients: ChildProcess, type: string): Promise<unknown> {
  for (;;) {
    const [message] = (await once(clients, 'message')) as [{ type: string }];
    if (message.type === type) return message;
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

async function until(atMs: number): Promise<void> {
  const leftMs = atMs - nowMs();
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
}
