import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireReconnect, type StoppedAccount, type Told, toldGone } from './require-reconnect.ts';

/** Why, where more is known than that the platform refuses it. `accountGone` as `PlatformError` tells it. */
export interface DeathCause {
  readonly accountGone: string | null;
  /** The connection broke while the platform was asked to renew it, with what works once. */
  readonly afterLostAnswer: boolean;
}

/**
 * The platform has said that the grant is dead: its accounts need to be connected again and their people are told, once.
 * @param grant `refreshFence` as it was when the platform was asked; a grant that was refreshed since then stays alive
 * @param platformName for the notification
 * @returns whether this call is the one that ended it
 */
export async function markGrantDead(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  grant: { readonly id: string; readonly refreshFence: number },
  platformName: string,
  cause: DeathCause = { accountGone: null, afterLostAnswer: false },
): Promise<boolean> {
  const ended = await deps.db.asWorker(async (tx) => {
    // Accounts before grants, as whoever connects or disconnects them: in the other order the two could wait for each other.
    await tx.execute(sql`select 1 from accounts where grant_id = ${grant.id} order by id for no key update`);
    const { rowCount } = await tx.execute(sql`
      update grants set dead_at = clock_timestamp(), refresh_until = null
      where id = ${grant.id} and refresh_fence = ${grant.refreshFence} and dead_at is null`);
    if (rowCount !== 1) return false;
    await requireReconnect(tx, sql`grant_id = ${grant.id}`, (account) => toldDead(account, platformName, cause));
    return true;
  });
  if (ended) deps.signals.eventsCommitted();
  return ended;
}

function toldDead(account: StoppedAccount, platformName: string, { accountGone, afterLostAnswer }: DeathCause): Told {
  if (accountGone !== null) return toldGone(account, platformName, accountGone);
  const { handle } = account;
  const why = afterLostAnswer
    ? `The connection broke while the access to ${handle} was renewed: ${platformName} has used up the old token, and the new one was lost on its way.`
    : `${platformName} no longer accepts what it once granted for ${handle}.`;
  return {
    title: `${handle} needs to be connected again`,
    body: `${why} Posts for this account wait until it is connected again.`,
  };
}
