import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { readPost } from './api.ts';
import { isOurs, placeOf, RecordKey } from './publish.ts';

/** Reads the record under the key the post was sent with: exact, and without delay. */
export async function reconcileBluesky({ http, account, content, intent }: ReconcileQuery): Promise<ReconcileFinding> {
  const key = RecordKey.safeParse(intent.key);
  if (!key.success) return { kind: 'cannot_tell', evidence: 'the intent has no record key' };
  const { rkey } = key.data;
  const stored = await readPost({ http, account, rkey });
  if (stored === null) return { kind: 'not_seen', evidence: `there is no record ${rkey}` };
  if (!isOurs(stored, key.data, content.text))
    return { kind: 'cannot_tell', evidence: `record ${rkey} is another post` };
  return { kind: 'found', ...placeOf(account, rkey), reference: stored.cid, evidence: `record ${rkey} is there` };
}
