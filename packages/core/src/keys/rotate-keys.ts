import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { openCredentials, sealCredentials } from '../accounts/seal-credentials.ts';
import type { CoreDependencies } from '../core-dependencies.ts';

export interface KeyRotation {
  /** Sealed anew under the key that writes. */
  readonly rotated: number;
  /** Could not be opened with any key that is here; they stay as they are. */
  readonly unreadable: number;
  /** Grants that are left, by the id of the key that they are sealed under; destroyed credentials are not counted. */
  readonly byKey: Readonly<Record<string, number>>;
}

const sealedGrantColumns = {
  id: column.text,
  organizationId: column.text,
  credentials: column.text,
};
type SealedGrant = RowOf<typeof sealedGrantColumns>;

const batchRows = 200;

/**
 * Seals the credentials of every grant under the key that writes, while all processes run. A grant that somebody else has written
 * meanwhile is left alone: what they wrote is under their writing key, and the next run looks at it. It may be interrupted at any
 * moment and repeated; each grant is one conditional update.
 */
export async function rotateKeys(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  { writingKeyId, signal }: { readonly writingKeyId: string; readonly signal: AbortSignal },
): Promise<KeyRotation> {
  let rotated = 0;
  let unreadable = 0;
  let afterId = '';
  while (!signal.aborted) {
    const batch = await readBatch(deps, writingKeyId, afterId);
    for (const grant of batch) {
      signal.throwIfAborted();
      const outcome = await rotateGrant(deps, grant);
      if (outcome === 'rotated') rotated += 1;
      if (outcome === 'unreadable') unreadable += 1;
    }
    const last = batch.at(-1);
    if (last === undefined || batch.length < batchRows) break;
    afterId = last.id;
  }
  return { rotated, unreadable, byKey: await countByKey(deps) };
}

async function readBatch(
  deps: Pick<CoreDependencies, 'db'>,
  writingKeyId: string,
  afterId: string,
): Promise<SealedGrant[]> {
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, sealedGrantColumns)`
      select id, organization_id as "organizationId", credentials from grants
      where id > ${afterId} and credentials <> '' and split_part(credentials, ':', 3) <> ${writingKeyId}
      order by id limit ${batchRows}`,
  );
  return rows;
}

async function rotateGrant(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  grant: SealedGrant,
): Promise<'rotated' | 'unreadable' | 'changed'> {
  const resealed = reseal(deps, grant);
  if (resealed === null) return 'unreadable';
  const { rowCount } = await deps.db.asWorker((tx) =>
    tx.execute(
      sql`update grants set credentials = ${resealed} where id = ${grant.id} and credentials = ${grant.credentials}`,
    ),
  );
  return rowCount === 1 ? 'rotated' : 'changed';
}

/** Null: no key that is here opens it. */
function reseal({ keyRing }: Pick<CoreDependencies, 'keyRing'>, grant: SealedGrant): string | null {
  try {
    return sealCredentials(keyRing, grant, openCredentials(keyRing, grant, grant.credentials));
  } catch {
    return null;
  }
}

async function countByKey(deps: Pick<CoreDependencies, 'db'>): Promise<Record<string, number>> {
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, { keyId: column.text, count: column.number })`
      select split_part(credentials, ':', 3) as "keyId", count(*)::int as count from grants
      where credentials <> '' group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ keyId, count }) => [keyId, count]));
}
