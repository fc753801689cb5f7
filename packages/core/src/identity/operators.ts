import type { Database } from '@vibetribe/db/connect-database';
import type { Clock } from '@vibetribe/resilience/clock';
import { hashApiKey, isApiKeyShaped } from '@vibetribe/security/api-key';
import { createLoadingCache } from '../loading-cache.ts';
import { holdsRight } from './authorize.ts';
import { findKeyActor, type KeyActor, lifeMsOfKey } from './find-principal.ts';

/** How long a key that has ended may still count here. */
const cacheTtlMs = 5_000;
const cacheEntriesMax = 1_000;
const lookUpsAtOnce = 4;

/** Who may see the metrics of a process without an API: this machine, unless that is switched off, and keys with the scope `ops`. */
export function createOperators(
  { db, clock }: { readonly db: Pick<Database, 'asIdentity'>; readonly clock: Pick<Clock, 'monotonicMs'> },
  { trustsLoopback }: { readonly trustsLoopback: boolean },
) {
  const known = createLoadingCache<KeyActor | null>({
    ttlMs: cacheTtlMs,
    entriesMax: cacheEntriesMax,
    lifeMsOf: lifeMsOfKey,
    clock,
  });
  let lookUps = 0;
  const lookUp = async (hash: string): Promise<KeyActor | null> => {
    // A flood of wrong keys takes no more of the database than this.
    if (lookUps >= lookUpsAtOnce) throw new Error('too many keys are being looked up');
    lookUps += 1;
    try {
      return await db.asIdentity((tx) => findKeyActor(tx, { hash }));
    } finally {
      lookUps -= 1;
    }
  };
  return {
    trustsLoopback,
    isOperator: async (bearer: string): Promise<boolean> => {
      if (!isApiKeyShaped(bearer)) return false;
      const hash = hashApiKey(bearer);
      const actor = await known.get(hash, () => lookUp(hash));
      return actor !== null && holdsRight(actor, 'service:observe');
    },
  };
}
