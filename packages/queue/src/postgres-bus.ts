import { exponentialDelayMs } from '@vibetribe/resilience/backoff';
import { sleep } from '@vibetribe/resilience/sleep';
import type pg from 'pg';
import { serializeQueries } from './serialize-queries.ts';
import type { BusTransport, Deliver, Heartbeat } from './bus-transport.ts';
import { notifyChannel, type BusChannel } from './notify-channel.ts';
import type { QueueLogger } from './queue-connection.ts';
import { createQueueClient, queuePoolOptions } from './queue-pool-options.ts';
import { describeStoreError } from './store-error.ts';
import { callStore } from './call-store.ts';

const backoff = { baseMs: 100, capMs: 1000 };
const endTimeoutMs = 2000;

/** LISTEN/NOTIFY on one connection of its own, which is opened again for as long as the bus is open. */
export function createPostgresBus(options: {
  pool: pg.Pool;
  deliver: Deliver;
  logger: QueueLogger;
  heartbeat: Heartbeat;
}): BusTransport {
  const { pool, deliver, logger, heartbeat } = options;
  const closing = new AbortController();
  const listened = new Map<string, BusChannel>();
  let session: pg.Client | null = null;
  let holding: Promise<void> | null = null;
  let connected = Promise.withResolvers<pg.Client>();

  /** Keeps one session after the other until the bus closes. */
  const hold = async (): Promise<void> => {
    let attempt = 0;
    let isReturn = false;
    while (!closing.signal.aborted) {
      try {
        const client = await openSession(pool, listened, deliver);
        session = client;
        connected.resolve(client);
        if (isReturn) deliver.gap();
        isReturn = true;
        attempt = 0;
        await untilLost(client, heartbeat, closing.signal);
      } catch (error) {
        if (!closing.signal.aborted) logger.warn(describeStoreError(error), 'the bus has no connection to PostgreSQL');
      }
      if (session !== null) connected = Promise.withResolvers();
      await endSession(session);
      session = null;
      attempt += 1;
      await sleep(
        exponentialDelayMs(attempt, backoff, () => 0),
        closing.signal,
      ).catch(() => undefined);
    }
  };

  return {
    async publish(channel, payload) {
      await pool.query('select pg_notify($1, $2)', [notifyChannel(channel), payload]);
    },
    async listen(channel) {
      listened.set(notifyChannel(channel), channel);
      holding ??= hold();
      while (!closing.signal.aborted) {
        const client = await connected.promise;
        try {
          await client.query(`listen ${notifyChannel(channel)}`);
          return;
        } catch (error) {
          logger.warn(describeStoreError(error), 'the bus lost its connection while subscribing');
          await sleep(backoff.baseMs, closing.signal).catch(() => undefined);
        }
      }
    },
    async unlisten(channel) {
      listened.delete(notifyChannel(channel));
      await session?.query(`unlisten ${notifyChannel(channel)}`).catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await holding;
    },
  };
}

async function openSession(
  pool: pg.Pool,
  listened: ReadonlyMap<string, BusChannel>,
  deliver: Deliver,
): Promise<pg.Client> {
  const options = queuePoolOptions(pool);
  const client = createQueueClient({ ...options, application_name: `${options.application_name}-bus` });
  // A lost connection ends the session through its 'end' event.
  client.on('error', () => undefined);
  client.on('notification', ({ channel: name, payload }) => {
    const channel = listened.get(name);
    if (channel !== undefined) deliver.message(channel, payload ?? '');
  });
  try {
    await client.connect();
    serializeQueries(client);
    for (const name of listened.keys()) await client.query(`listen ${name}`);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function endSession(session: pg.Client | null): Promise<void> {
  if (session !== null) await callStore(endTimeoutMs, 'ending the bus session', session.end()).catch(() => undefined);
}

/** Resolves when the session has ended; rejects when it no longer answers, as a connection that was cut silently does. */
async function untilLost(client: pg.Client, heartbeat: Heartbeat, closing: AbortSignal): Promise<void> {
  const lost = new AbortController();
  client.once('end', () => lost.abort());
  const ended = AbortSignal.any([lost.signal, closing]);
  while (!ended.aborted) {
    await sleep(heartbeat.intervalMs, ended).catch(() => undefined);
    if (!ended.aborted) await callStore(heartbeat.timeoutMs, "the bus's heartbeat", client.query('select 1'));
  }
}
