import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import { retryWhile } from '@vibetribe/resilience/retry-while';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { GrantRow } from '../grants/read-grant.ts';
import { resumeWaiting, tellReconnected } from '../grants/resume-accounts.ts';
import { openCredentials, sealCredentials } from '../grants/seal-credentials.ts';

/** `replaced`: another refresh's credentials stand there. `gone`: nobody can use the new ones any more. */
export type Kept = 'stored' | 'replaced' | 'gone';

const storePause = { baseMs: 250, capMs: 5_000 };

/**
 * Stores what a refresh brought, as long as this process lives: a platform that has rotated its token takes the old one no more. It is
 * stored wherever the old credentials still stand, whoever holds the lease by now; an account that was taken for dead because of them is
 * active again.
 * @param asked the credentials that the platform was asked with
 * @throws the last fault, once the process lets go of its database
 */
export async function keepRefreshed(
  deps: Pick<CoreDependencies, 'db' | 'keyRing' | 'clock' | 'logger' | 'signals'>,
  grant: GrantRow,
  asked: Credentials,
  fresh: Credentials,
): Promise<Kept> {
  const about = { grantId: grant.id, platform: grant.platform };
  const sealed = sealCredentials(deps.keyRing, grant, fresh);
  const storing = retryWhile(() => deps.db.lasting.asWorker((tx) => store(deps, tx, { grant, asked, fresh, sealed })), {
    isPassing: () => !deps.db.pool.ending,
    patienceMs: Number.POSITIVE_INFINITY,
    pause: storePause,
    monotonicMs: () => deps.clock.monotonicMs(),
    onRetry: (error) => deps.logger.warn({ err: error, ...about }, 'a refreshed token could not be stored yet'),
  });
  const { kept, resumed } = await storing.catch((error: unknown) => {
    deps.logger.error({ err: error, ...about }, 'a refreshed token was lost: it could not be stored');
    throw error;
  });
  if (kept === 'stored') deps.signals.eventsCommitted();
  if (resumed > 0) deps.signals.dispatchSoon();
  return kept;
}

interface Refreshed {
  readonly grant: GrantRow;
  readonly asked: Credentials;
  readonly fresh: Credentials;
  readonly sealed: string;
}

async function store(
  deps: Pick<CoreDependencies, 'keyRing'>,
  tx: Transaction,
  { grant, asked, fresh, sealed }: Refreshed,
): Promise<{ kept: Kept; resumed: number }> {
  // Accounts before grants, as whoever connects or disconnects them.
  const opened = await queryRows(tx, {
    id: column.text,
  })`select id from accounts where grant_id = ${grant.id} order by id for no key update`;
  const rows = await queryRows(tx, {
    credentials: column.text,
    isDead: column.boolean,
  })`select credentials, dead_at is not null as "isDead" from grants where id = ${grant.id} for update`;
  const { credentials: standing = '', isDead = false } = rows[0] ?? {};
  if (standing === '') return { kept: 'gone', resumed: 0 };
  // The answer to an earlier commit was lost.
  if (standing === sealed) return { kept: 'stored', resumed: 0 };
  if (!isSame(openCredentials(deps.keyRing, grant, standing), asked)) return { kept: 'replaced', resumed: 0 };
  // The fence rises: a verdict on the old credentials says nothing about these.
  await tx.execute(sql`
    update grants set credentials = ${sealed}, expires_at = ${fresh.expiresAt ?? null}::timestamptz, dead_at = null,
      scopes = ${sql.param([...fresh.scopes])}::text[], refreshed_at = clock_timestamp(), refresh_until = null,
      refresh_fence = refresh_fence + 1, refresh_failures = 0,
      failing_since = null, failing_told_at = null
    where id = ${grant.id}`);
  const revived = await queryRows(tx, { id: column.text })`
    update accounts set status = 'active', updated_at = clock_timestamp()
    where ${isDead} and grant_id = ${grant.id} and status = 'needs_reauth' returning id`;
  await tx.execute(sql`
    insert into events (organization_id, type, message, data)
    select a.organization_id, 'token.refreshed', 'The token of ' || a.handle || ' was refreshed.',
      jsonb_build_object('accountId', a.id, 'platform', a.platform, 'expiresAt', ${fresh.expiresAt ?? null}::text)
    from accounts a where a.grant_id = ${grant.id} and a.status = 'active'`);
  const ids = revived.map(({ id }) => id);
  if (ids.length > 0) await tellReconnected(tx, ids);
  return {
    kept: 'stored',
    resumed: await resumeWaiting(
      tx,
      opened.map(({ id }) => id),
    ),
  };
}

/** Compares what is sealed: sealing the same credentials twice gives two ciphertexts. */
function isSame(one: Credentials, other: Credentials): boolean {
  return one.accessToken === other.accessToken && one.refreshToken === other.refreshToken;
}
