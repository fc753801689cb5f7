import type { Database } from '@vibetribe/db/connect-database';
import { breakers } from '@vibetribe/db/schema/service';
import type { DiskHealth, DiskSpace } from '@vibetribe/media/store/disk-space';
import type { Logger } from '@vibetribe/observability/logger';
import { ne } from 'drizzle-orm';

export interface HealthDependencies {
  readonly db: Database;
  readonly logger: Logger;
  readonly queue: { health(): Promise<{ ok: boolean; latencyMs: number; detail: string }> };
  readonly disk: Pick<DiskSpace, 'health'>;
}

export interface HealthCheck extends Readonly<Record<string, unknown>> {
  readonly ok: boolean;
  readonly databaseLatencyMs: number | null;
  readonly queue: { readonly ok: boolean; readonly latencyMs: number };
  readonly disk: DiskHealth;
  /** Breakers that let nothing or only a probe through, by key. */
  readonly troubledPlatforms: Readonly<Record<string, 'open' | 'half_open'>>;
}

/** Looks at the database, the queue, the disk and the platforms' breakers. A troubled platform is not our ill health, but is told of. */
export async function runHealthCheck(deps: HealthDependencies): Promise<HealthCheck> {
  const [database, queue, disk] = await Promise.all([readDatabase(deps), deps.queue.health(), deps.disk.health()]);
  const check: HealthCheck = {
    ok: database.latencyMs !== null && queue.ok && disk.ok,
    databaseLatencyMs: database.latencyMs,
    queue: { ok: queue.ok, latencyMs: queue.latencyMs },
    disk,
    troubledPlatforms: database.troubledPlatforms,
  };
  if (!check.ok) deps.logger.error({ check, queue: queue.detail }, 'the service is not healthy');
  else if (Object.keys(check.troubledPlatforms).length > 0)
    deps.logger.warn({ check }, 'some platforms are in trouble');
  return check;
}

async function readDatabase({ db, logger }: HealthDependencies) {
  const troubledPlatforms: Record<string, 'open' | 'half_open'> = {};
  const { ok, latencyMs, detail } = await db.health();
  if (!ok) {
    logger.error({ detail }, 'the database is not well');
    return { latencyMs: null, troubledPlatforms };
  }
  try {
    const rows = await db.asWorker((tx) =>
      tx.select({ key: breakers.key, state: breakers.state }).from(breakers).where(ne(breakers.state, 'closed')),
    );
    for (const { key, state } of rows) if (state !== 'closed') troubledPlatforms[key] = state;
    return { latencyMs, troubledPlatforms };
  } catch (error) {
    logger.error({ err: error }, 'the database does not answer');
    return { latencyMs: null, troubledPlatforms };
  }
}
