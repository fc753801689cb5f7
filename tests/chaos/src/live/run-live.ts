import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { startLiveClient, type LiveClient } from './live-client.ts';
import { startLiveSystem, type LiveSystem } from './live-system.ts';

export interface LiveOptions {
  readonly clients: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** How often one of the two API processes is killed (`kill -9`) and started again, spread over the run. */
  readonly kills: number;
}

export interface LiveRun {
  readonly events: number;
  readonly deliveries: number;
  /** Events that a client was never told of, was told of again, or was told of after a later one; all clients together. */
  readonly missed: number;
  readonly repeated: number;
  readonly disordered: number;
  readonly resyncs: number;
  readonly connections: number;
  /** From an event's time, which is before its commit, to its arrival; outside the kills and the first seconds. Sorted, ms. */
  readonly latenciesMs: readonly number[];
  /** The time from a kill until every client was connected again, ms. */
  readonly recoveriesMs: readonly number[];
}

/** Latencies count from so long on after every client has come, or is back after a kill. */
const calmMs = 2_000;
const endTimeoutMs = 60_000;

/** Clients of one organization hear of posts that are created through the API, while one of its two replicas is killed and comes back. */
export async function runLive(
  servers: { readonly postgresUrl: string; readonly redisUrl: string | null },
  options: LiveOptions,
  log: (line: string) => void,
): Promise<LiveRun> {
  await using system = await startLiveSystem(servers);
  await using clients = new AsyncDisposableStack();
  const started = Array.from({ length: options.clients }, (_, index) =>
    clients.use(startLiveClient({ token: system.token, origins: () => originsFor(system, index) })),
  );
  await everyoneIsConnected(started);
  log(`${options.clients} clients are connected`);
  const disturbances = [{ fromMs: 0, toMs: Date.now() + calmMs }];
  const recoveriesMs: number[] = [];
  const disturb = async () => {
    for (let kill = 0; kill < options.kills; kill += 1) {
      await delay((options.seconds * 1000) / (options.kills + 1));
      const fromMs = Date.now();
      await system.apis[1].replace({ signal: 'SIGKILL' });
      await everyoneIsConnected(started);
      recoveriesMs.push(Date.now() - fromMs);
      // As a balancer would: those who prefer the replica that is back go there, and the next kill strikes them again.
      for (const [index, client] of started.entries()) if (index % 2 === 1) client.reconnect();
      await everyoneIsConnected(started);
      disturbances.push({ fromMs, toMs: Date.now() + calmMs });
      log(`killed and started again, every client was back after ${recoveriesMs.at(-1)} ms`);
    }
  };
  await Promise.all([createPosts(system, options), disturb()]);
  const expected = (
    await system.sql<{ id: string }>(
      `select id from events where organization_id = $1 and type = 'post.created' order by events.id`,
      [system.organizationId],
    )
  ).map(({ id }) => Number(id));
  await waitFor(() => started.every(({ told }) => (told.at(-1)?.eventId ?? 0) >= (expected.at(-1) ?? 0)), {
    describe: 'every client to be told of the last event',
    timeoutMs: endTimeoutMs,
  }).catch((error: unknown) => log(String(error)));
  const isCalm = (atMs: number) => disturbances.every(({ fromMs, toMs }) => atMs < fromMs - calmMs || atMs > toMs);
  const told = started.flatMap((client) => client.told);
  return {
    events: expected.length,
    deliveries: told.length,
    ...sumOf(started.map((client) => compare(client, expected))),
    resyncs: started.reduce((sum, client) => sum + client.resyncs(), 0),
    connections: started.reduce((sum, client) => sum + client.connections(), 0),
    latenciesMs: told
      .filter(({ atMs }) => isCalm(atMs))
      .map(({ atMs, receivedAtMs }) => receivedAtMs - atMs)
      .toSorted((one, other) => one - other),
    recoveriesMs,
  };
}

/** Half of the clients prefer the one replica, half the other. */
function originsFor({ apis: [first, second] }: LiveSystem, index: number): string[] {
  const order = index % 2 === 0 ? [first, second] : [second, first];
  return order.flatMap((api) => api.origin() ?? []);
}

async function everyoneIsConnected(clients: readonly LiveClient[]): Promise<void> {
  await waitFor(() => clients.every((client) => client.isConnected()), {
    describe: () => `every client to be connected, ${clients.filter((client) => !client.isConnected()).length} are not`,
    timeoutMs: endTimeoutMs,
  });
}

/** At its times, however long an answer takes; through the replica that is not killed. */
async function createPosts(system: LiveSystem, { eventsPerSecond, seconds }: LiveOptions): Promise<void> {
  const startedAtMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < eventsPerSecond * seconds; index += 1) {
    await delay(Math.max(0, startedAtMs + (index * 1000) / eventsPerSecond - performance.now()));
    answers.push(createPost(system, index));
  }
  await Promise.all(answers);
}

async function createPost({ apis: [api], token, accountId }: LiveSystem, index: number): Promise<void> {
  const answer = await fetch(`${api.origin()}/api/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ content: `Post ${index}`, accountIds: [accountId], draft: true }),
  });
  if (answer.status !== 201) throw new Error(`a post was answered ${answer.status}: ${await answer.text()}`);
}

function compare({ told }: LiveClient, expected: readonly number[]) {
  const ids = told.map(({ eventId }) => eventId);
  const seen = new Set(ids);
  return {
    missed: expected.filter((id) => !seen.has(id)).length,
    repeated: ids.length - seen.size,
    disordered: ids.filter((id, index) => id < (ids[index - 1] ?? 0)).length,
  };
}

function sumOf(parts: readonly { missed: number; repeated: number; disordered: number }[]) {
  return parts.reduce(
    (sum, part) => ({
      missed: sum.missed + part.missed,
      repeated: sum.repeated + part.repeated,
      disordered: sum.disordered + part.disordered,
    }),
    { missed: 0, repeated: 0, disordered: 0 },
  );
}
