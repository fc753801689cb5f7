import type { Transaction } from '@vibetribe/db/connect-database';
import type { ExhaustedLimit } from '@vibetribe/platforms/port/exhausted-limit';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationWork } from '../claim/publication-work.ts';

export interface SpentAnswer {
  readonly limits: readonly ExhaustedLimit[];
  /** By this machine's clock. */
  readonly receivedAt: Date;
}

/** No platform has a longer window: what is told beyond it is taken for broken, and asked for again after it. */
const closedMaxMs = 24 * 3_600_000;

/**
 * Writes down for every publisher that the platform takes nothing more from an account, or from the service's application, before its
 * window ends. Never rejects: what is lost here costs one refused request. A user's own application says nothing about the service's.
 */
export async function noteExhaustedLimits(
  deps: Pick<CoreDependencies, 'db' | 'clock' | 'logger'>,
  work: Pick<PublicationWork, 'accountId' | 'platform' | 'grant'>,
  answers: readonly SpentAnswer[],
): Promise<void> {
  if (answers.length === 0) return;
  try {
    for (const { limits, receivedAt } of answers) {
      for (const { scope, resetMs } of limits) {
        const closesApp = scope === 'app' && work.grant.credentialSource === 'oauth';
        await deps.db.asWorker((tx) => {
          const ageMs = Math.max(0, deps.clock.now().getTime() - receivedAt.getTime());
          const note = { ageMs, closedMs: Math.min(resetMs, closedMaxMs) - ageMs };
          return closesApp ? closeApp(tx, work.platform, note) : closeAccount(tx, work.accountId, note);
        });
      }
    }
  } catch (error) {
    deps.logger.warn({ err: error, accountId: work.accountId }, 'a limit that the platform told could not be written');
  }
}

/** Both count from now: the window may have ended while the answer waited to be written. */
interface Note {
  readonly ageMs: number;
  readonly closedMs: number;
}

// An answer that is older than the last one written tells of a window that may have ended early: it changes nothing. The statement's
// time is used, not the clock's: an update that waits for a lock must not make the window longer.

async function closeAccount(tx: Transaction, accountId: string, { ageMs, closedMs }: Note): Promise<void> {
  if (closedMs <= 0) return;
  await tx.execute(sql`
    update accounts set
      posts_closed_until = greatest(posts_closed_until, statement_timestamp() + ${closedMs} * interval '1 millisecond'),
      posts_closed_told_at = statement_timestamp() - ${ageMs} * interval '1 millisecond'
    where id = ${accountId}
      and (posts_closed_told_at is null or posts_closed_told_at <= statement_timestamp() - ${ageMs} * interval '1 millisecond')`);
}

async function closeApp(tx: Transaction, platform: string, { ageMs, closedMs }: Note): Promise<void> {
  if (closedMs <= 0) return;
  await tx.execute(sql`
    insert into app_limits as l (platform, closed_until, closed_told_at)
    values (${platform}, statement_timestamp() + ${closedMs} * interval '1 millisecond', statement_timestamp() - ${ageMs} * interval '1 millisecond')
    on conflict (platform) do update set closed_until = greatest(l.closed_until, excluded.closed_until), closed_told_at = excluded.closed_told_at, probe_until = null
    where l.closed_told_at is null or l.closed_told_at <= excluded.closed_told_at`);
}
