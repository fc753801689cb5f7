import { callStore } from './call-store.ts';
import { whenReady } from './connect-redis.ts';
import type { QueueConnection, QueueHealth, QueueStore } from './queue-connection.ts';
import { createQueueProbe } from './queue-probe.ts';
import { describeStoreError } from './store-error.ts';

const answerTimeoutMs = 2_000;
/** A store under load is slow and not ill. */
const probeTimeoutMs = 10_000;
const probedForMs = 5_000;

/**
 * Whether jobs can be taken now. The store is asked each time. A job is sent through it every few seconds at most. A question that comes
 * while a job is under way gets the last job's answer.
 */
export function createQueueHealth(
  connection: Omit<QueueConnection, 'health'>,
  whyUnsuitable: () => string | null,
): { check(): Promise<QueueHealth>; close(): Promise<void> } {
  const { store } = connection;
  const probe = createQueueProbe(connection);
  let probing: Promise<void> | null = null;
  let fault: string | null = null;
  let probedAtMs = Number.NEGATIVE_INFINITY;

  const runProbe = async () => {
    try {
      await callStore(probeTimeoutMs, 'sending a job through the queue', probe.run());
      fault = null;
    } catch (error) {
      fault = describeStoreError(error instanceof Error ? (error.cause ?? error) : error).error;
    }
    probedAtMs = performance.now();
    probing = null;
  };

  const check = async (): Promise<string | null> => {
    const unsuitable = whyUnsuitable();
    if (unsuitable !== null) return unsuitable;
    await callStore(answerTimeoutMs, `the queue's ${store.kind}`, askStore(store));
    const wasProbed = Number.isFinite(probedAtMs);
    if (performance.now() - probedAtMs > probedForMs) probing ??= runProbe();
    const late = callStore(answerTimeoutMs, 'sending a job through the queue', probing ?? Promise.resolve());
    await (wasProbed ? late.catch(() => undefined) : late);
    return fault === null ? null : `no job can be taken: ${fault}`;
  };

  return {
    async check() {
      const startedAtMs = performance.now();
      const found = await check().catch((error: unknown) => describeStoreError(error).error);
      const latencyMs = Math.round(performance.now() - startedAtMs);
      return { ok: found === null, latencyMs, detail: found ?? `${store.kind} takes and gives jobs` };
    },
    close: () => probe.close(),
  };
}

async function askStore(store: QueueStore): Promise<void> {
  if (store.kind === 'postgres') {
    await store.pool.query('select 1');
    return;
  }
  await whenReady(store.redis, answerTimeoutMs);
  await store.redis.ping();
}
