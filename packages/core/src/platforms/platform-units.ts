import { setInterval } from 'node:timers';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PlatformCall } from '@vibetribe/platforms/http/create-platform-http';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';

/** Counts what calls cost an application whose platform counts in units of its own. */
export interface UnitCounter extends AsyncDisposable {
  count(call: Pick<PlatformCall, 'platform' | 'method' | 'path'>): void;
  /** Writes what is counted and not written. Never rejects: what cannot be written is counted on. */
  write(): Promise<void>;
}

const writeEveryMs = 1_000;

/** Disposing writes the rest. A process that dies loses the count of its last second. */
export function createUnitCounter(deps: Pick<CoreDependencies, 'db' | 'adapters' | 'logger'>): UnitCounter {
  const unwritten = new Map<PlatformId, number>();
  const timer = setInterval(() => void write(), writeEveryMs).unref();

  async function write(): Promise<void> {
    const counted = new Map(unwritten);
    unwritten.clear();
    for (const [platform, units] of counted) {
      try {
        await addUnits(deps, platform, units);
      } catch (error) {
        unwritten.set(platform, (unwritten.get(platform) ?? 0) + units);
        deps.logger.warn({ err: error, platform }, 'the units that calls cost could not be written');
      }
    }
  }

  return {
    count({ platform, method, path }) {
      const units = deps.adapters[platform].limits.appUnitsPerDay?.costOfCall({ method, path }) ?? 0;
      if (units > 0) unwritten.set(platform, (unwritten.get(platform) ?? 0) + units);
    },
    write,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await write();
    },
  };
}

/** The day is told by the database's clock: units of a day before are forgotten with the first of the next. */
async function addUnits(
  { db, adapters }: Pick<CoreDependencies, 'db' | 'adapters'>,
  platform: PlatformId,
  units: number,
): Promise<void> {
  const zone = adapters[platform].limits.appUnitsPerDay?.dayBeginsIn ?? 'UTC';
  await db.asWorker((tx) =>
    tx.execute(sql`
      insert into app_limits as l (platform, units_day, units_used)
      values (${platform}, (statement_timestamp() at time zone ${zone})::date, ${units})
      on conflict (platform) do update set units_day = excluded.units_day,
        units_used = excluded.units_used + case when l.units_day = excluded.units_day then l.units_used else 0 end`),
  );
}
