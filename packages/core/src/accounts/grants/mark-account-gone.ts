import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireReconnect, toldGone } from './require-reconnect.ts';

/**
 * The platform has said that an account is deactivated, suspended, taken down or deleted: its people are told, once, and its posts wait
 * until it is connected again. Other accounts of its grant go on.
 * @param asked the grant that it was asked with; an account that was connected anew since then stays active
 */
export async function markAccountGone(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'adapters'>,
  asked: {
    readonly accountId: string;
    readonly grantId: string;
    readonly platform: keyof CoreDependencies['adapters'];
  },
  accountGone: string,
): Promise<void> {
  const { displayName } = deps.adapters[asked.platform];
  const count = await deps.db.asWorker((tx) =>
    requireReconnect(tx, sql`id = ${asked.accountId} and grant_id = ${asked.grantId}`, (account) =>
      toldGone(account, displayName, accountGone),
    ),
  );
  if (count > 0) deps.signals.eventsCommitted();
}
