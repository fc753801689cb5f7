import type { Database } from '@vibetribe/db/connect-database';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PlatformCall } from '@vibetribe/platforms/http/create-platform-http';
import { ownFaultOf } from '@vibetribe/platforms/http/own-faults';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { PublishSettings } from './publish-settings.ts';

/** Successes of a healthy platform are written at most this often, ms. */
const successEveryMs = 1_000;

/** Not the platform's doing: an address that this side does not call. */
const refusedCodes: ReadonlySet<string> = new Set(['ADDRESS_REFUSED', 'address_refused']);

export interface PlatformHealth {
  /** Tells the shared breaker how a call went. Never rejects and is not waited for. */
  report(target: { platform: PlatformId; breakerKey: string }, call: PlatformCall): void;
  /** Resolves once the failures reported so far can be read, or could not be written. */
  failuresWritten(): Promise<void>;
}

/** Feeds the breakers that all processes share: any answer below 500 is a success, silence and 5xx are failures. */
export function createPlatformHealth(
  deps: Pick<CoreDependencies, 'db' | 'logger' | 'clock'>,
  settings: PublishSettings,
): PlatformHealth {
  const lastSuccessAtMs = new Map<string, number>();
  const failures = new Set<Promise<void>>();
  const write = async (work: Promise<unknown>) => {
    await work.catch((error: unknown) => deps.logger.warn({ err: error }, 'the breaker could not be told'));
  };
  return {
    report({ platform, breakerKey }, call) {
      if ('code' in call.outcome && isOwn(call.outcome.code)) return;
      const ok = 'status' in call.outcome && call.outcome.status < 500;
      if (!ok) {
        lastSuccessAtMs.delete(breakerKey);
        const failure = write(recordFailure(deps.db, platform, breakerKey, settings));
        failures.add(failure);
        void failure.then(() => failures.delete(failure));
        return;
      }
      const nowMs = deps.clock.monotonicMs();
      const lastMs = lastSuccessAtMs.get(breakerKey);
      if (lastMs !== undefined && nowMs - lastMs < successEveryMs) return;
      lastSuccessAtMs.set(breakerKey, nowMs);
      void write(recordSuccess(deps.db, platform, breakerKey));
    },
    async failuresWritten() {
      await Promise.all(failures);
    },
  };
}

function isOwn(code: string): boolean {
  return refusedCodes.has(code) || ownFaultOf(code) !== null;
}

async function recordFailure(
  db: Database,
  platform: PlatformId,
  key: string,
  settings: PublishSettings,
): Promise<void> {
  const retryAt = sql`clock_timestamp() + ${settings.breakerTimeoutMs} * interval '1 millisecond'`;
  await db.asWorker((tx) =>
    tx.execute(sql`
      insert into breakers as b (key, platform, failures, last_failure_at, state, opened_at, retry_at)
      values (${key}, ${platform}, 1, clock_timestamp(),
        case when 1 >= ${settings.breakerFailureThreshold} then 'open' else 'closed' end,
        case when 1 >= ${settings.breakerFailureThreshold} then clock_timestamp() end,
        case when 1 >= ${settings.breakerFailureThreshold} then ${retryAt} end)
      on conflict (key) do update set
        failures = b.failures + 1, last_failure_at = clock_timestamp(),
        state = case when b.state <> 'closed' or b.failures + 1 >= ${settings.breakerFailureThreshold} then 'open' else 'closed' end,
        opened_at = case when b.state = 'closed' and b.failures + 1 >= ${settings.breakerFailureThreshold} then clock_timestamp() else b.opened_at end,
        retry_at = case when b.state = 'open' then b.retry_at
          when b.state = 'half_open' or b.failures + 1 >= ${settings.breakerFailureThreshold} then ${retryAt} else b.retry_at end`),
  );
}

async function recordSuccess(db: Database, platform: PlatformId, key: string): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      insert into breakers as b (key, platform, last_success_at) values (${key}, ${platform}, clock_timestamp())
      on conflict (key) do update set state = 'closed', failures = 0, opened_at = null, retry_at = null, last_success_at = clock_timestamp()`),
  );
}
