import { readEventWriters, type EventWriter } from '@vibetribe/core/events/read-event-writers';
import { breakers } from '@vibetribe/db/schema/service';
import type { Database } from '@vibetribe/db/connect-database';
import type { DiskHealth, DiskSpace } from '@vibetribe/media/store/disk-space';
import type { Logger } from '@vibetribe/observability/logger';
import type { QueueAdmin, QueueSummary } from '@vibetribe/queue/queue-admin';
import type { QueueConnection } from '@vibetribe/queue/queue-connection';
import { withTimeout } from '@vibetribe/resilience/with-timeout';
import type { Clock } from '@vibetribe/resilience/clock';
import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import { asc } from 'drizzle-orm';
import type { LiveHub } from './live/live-hub.ts';

export interface DependencyHealth {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** One sentence for an operator. */
  readonly detail: string;
}

export interface HealthReport {
  /** Whether requests can be served now. Never rejects. */
  basic(): Promise<BasicHealth>;
  detailed(): Promise<DetailedHealth>;
  /** From now on the process is going away: it reports itself as not ready. */
  startClosing(): void;
}

export interface BasicHealth {
  readonly ok: boolean;
  readonly database: DependencyHealth;
  readonly queue: DependencyHealth;
  readonly disk: DiskHealth;
}

export interface DetailedHealth {
  readonly ok: boolean;
  readonly dependencies: {
    readonly database: DependencyHealth;
    readonly queue: DependencyHealth & { kind: string };
    /** Where files are kept, and renditions. */
    readonly disk: DiskHealth;
  };
  readonly pool: { readonly max: number; readonly total: number; readonly idle: number; readonly waiting: number };
  readonly queues: readonly QueueSummary[] | null;
  readonly breakers: readonly BreakerHealth[] | null;
  readonly events: EventsHealth | null;
}

/** `writers`: the transactions that write events now, the oldest first; what is committed waits for those that began before it. */
export interface EventsHealth {
  readonly heldUpForMs: number;
  readonly writers: readonly EventWriter[];
}

export interface BreakerHealth {
  readonly key: string;
  readonly platform: string;
  readonly state: string;
  readonly failures: number;
  readonly retryAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly lastFailureAt: string | null;
}

const checkTimeoutMs = 2_000;
const keptMs = 500;

export function createHealthReport(deps: {
  readonly db: Database;
  readonly queue: Pick<QueueConnection, 'health' | 'kind'>;
  readonly queueAdmin: Pick<QueueAdmin, 'list'>;
  readonly live: Pick<LiveHub, 'heldUpForMs'>;
  readonly disk: Pick<DiskSpace, 'health'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly clock: Clock;
}): HealthReport {
  const checks = createSingleFlight<'basic', BasicHealth>();
  let last: { at: number; health: BasicHealth } | null = null;
  let isClosing = false;

  const check = async () => {
    const [database, queue, disk] = await Promise.all([databaseHealth(deps), deps.queue.health(), diskHealth(deps)]);
    const health = { ok: database.ok && queue.ok && disk.ok, database, queue, disk };
    last = { at: deps.clock.monotonicMs(), health };
    return health;
  };

  const basic = async () => {
    const isFresh = last !== null && deps.clock.monotonicMs() - last.at < keptMs;
    const health = last !== null && isFresh ? last.health : await checks.run('basic', check);
    return { ...health, ok: health.ok && !isClosing };
  };

  /** A part of the report that cannot be had is null: the rest is worth more then than ever. */
  const part = async <Value>(what: string, read: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await withTimeout(checkTimeoutMs, what, read());
    } catch (error) {
      deps.logger.warn({ err: error }, 'a part of the health report could not be read');
      return null;
    }
  };

  return {
    basic,
    async detailed() {
      const { ok, database, queue, disk } = await basic();
      const [queues, breakersNow, writers] = await Promise.all([
        part('the queues', () => deps.queueAdmin.list()),
        part('the breakers', () => readBreakers(deps.db)),
        part('the writers of events', () => deps.db.asWorker(readEventWriters)),
      ]);
      const { totalCount, idleCount, waitingCount, options } = deps.db.pool;
      return {
        ok,
        dependencies: { database, queue: { kind: deps.queue.kind, ...queue }, disk },
        pool: { max: options.max, total: totalCount, idle: idleCount, waiting: waitingCount },
        queues,
        breakers: breakersNow,
        events: writers === null ? null : { heldUpForMs: Math.round(deps.live.heldUpForMs()), writers },
      };
    },
    startClosing() {
      isClosing = true;
    },
  };
}

async function databaseHealth({
  db,
  logger,
}: {
  db: Pick<Database, 'health'>;
  logger: Pick<Logger, 'warn'>;
}): Promise<DependencyHealth> {
  const health = await db.health();
  if (!health.ok) logger.warn({ detail: health.detail }, 'the database is not well');
  return health;
}

async function diskHealth({ disk, logger }: { disk: Pick<DiskSpace, 'health'>; logger: Pick<Logger, 'warn'> }) {
  const health = await disk.health();
  if (!health.ok) logger.warn({ disk: health }, 'the disk that files are kept on is full');
  return health;
}

async function readBreakers(db: Database): Promise<BreakerHealth[]> {
  const rows = await db.asWorker((tx) => tx.select().from(breakers).orderBy(asc(breakers.key)));
  return rows.map((row) => ({
    key: row.key,
    platform: row.platform,
    state: row.state,
    failures: row.failures,
    retryAt: row.retryAt?.toISOString() ?? null,
    lastSuccessAt: row.lastSuccessAt?.toISOString() ?? null,
    lastFailureAt: row.lastFailureAt?.toISOString() ?? null,
  }));
}
