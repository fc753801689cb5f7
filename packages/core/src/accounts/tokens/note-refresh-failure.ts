import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { RefreshLease } from './refresh-lease.ts';
import { tellAccounts } from './tell-accounts.ts';

/** What passes sooner concerns nobody. */
const toldAfterMinutes = 60;

/**
 * Gives the lease back after a refresh that brought nothing; the next one may try. Where none has brought anything for an hour, the
 * accounts' people are told, once until one does.
 * @param cause as `refreshFailureCause` says it
 */
export async function noteRefreshFailure(
  tx: Transaction,
  lease: RefreshLease,
  platformName: string,
  cause: string,
): Promise<void> {
  const rows = await queryRows(tx, { isTold: column.booleanOrNull })`
    update grants set refresh_until = null, refresh_failures = refresh_failures + 1,
      failing_since = coalesce(failing_since, clock_timestamp()),
      failing_told_at = case when failing_since <= clock_timestamp() - make_interval(mins => ${toldAfterMinutes}::int)
        then coalesce(failing_told_at, clock_timestamp()) end
    where id = ${lease.grantId} and refresh_fence = ${lease.fence}
    returning failing_told_at >= transaction_timestamp() as "isTold"`;
  if (rows[0]?.isTold === true) await tellFailing(tx, lease.grantId, platformName, cause);
}

async function tellFailing(tx: Transaction, grantId: string, platformName: string, cause: string): Promise<void> {
  const accounts = await queryRows(tx, {
    id: column.text,
    handle: column.text,
  })`select id, handle from accounts where grant_id = ${grantId} and status = 'active' order by id`;
  const told = accounts.map(({ id, handle }) => ({
    id,
    title: `The access to ${handle} cannot be renewed`,
    body: `${platformName} has not renewed the access to ${handle} for an hour: ${cause}. Posts for this account wait and go out once it is renewed.`,
  }));
  await tellAccounts(tx, 'account_token_failing', told);
}

/** Why a token could not be refreshed, for its people: "could not be refreshed: ...". */
export function refreshFailureCause(error: PlatformError): string {
  switch (error.kind) {
    case 'network':
    case 'ambiguous':
      return 'the platform could not be reached';
    case 'unavailable':
      return 'the platform has a fault of its own';
    case 'rate_limit':
    case 'quota':
      return 'the platform limits how often it may be asked';
    case 'permission':
    case 'policy':
      return "the platform does not accept this server's application";
    case 'auth_expired':
    case 'auth_revoked':
    case 'content':
    case 'duplicate':
    case 'not_found':
    case 'media_processing':
      return `the platform refused the request (${error.platformCode})`;
  }
}
