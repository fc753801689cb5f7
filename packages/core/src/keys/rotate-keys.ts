import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { allSealed, type SealedColumn, sealedColumns, sealedRowColumns, type SealedRow } from './sealed-columns.ts';

export interface KeyRotation {
  /** Sealed anew under the key that writes. */
  readonly rotated: number;
  /** Could not be opened with any key that is here; they stay as they are. */
  readonly unreadable: number;
  /** Secrets of grants, webhooks, second factors and mails, by the id of the key that they are sealed under; destroyed credentials are not counted. */
  readonly byKey: Readonly<Record<string, number>>;
}

const batchRows = 200;

/**
 * Seals every long-lived secret under the key that writes, while all processes run. One that somebody else has written
 * meanwhile is left alone: what they wrote is under their writing key, and the next run looks at it. It may be interrupted at any
 * moment and repeated; each secret is one conditional update.
 */
export async function rotateKeys(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  { writingKeyId, signal }: { readonly writingKeyId: string; readonly signal: AbortSignal },
): Promise<KeyRotation> {
  const counts = { rotated: 0, unreadable: 0, changed: 0 };
  for (const sealedColumn of sealedColumns) {
    let afterId = '';
    while (!signal.aborted) {
      const batch = await readBatch(deps, sealedColumn, { writingKeyId, afterId });
      for (const row of batch) {
        signal.throwIfAborted();
        counts[await rotateOne(deps, sealedColumn, row)] += 1;
      }
      const last = batch.at(-1);
      if (last === undefined || batch.length < batchRows) break;
      afterId = last.id;
    }
  }
  return { rotated: counts.rotated, unreadable: counts.unreadable, byKey: await countByKey(deps) };
}

async function readBatch(
  deps: Pick<CoreDependencies, 'db'>,
  { table, column: name, idColumn = 'id', isOfService }: SealedColumn,
  { writingKeyId, afterId }: { readonly writingKeyId: string; readonly afterId: string },
): Promise<SealedRow[]> {
  const sealed = sql.identifier(name);
  const id = sql.identifier(idColumn);
  const owner = isOfService === true ? sql`'service'` : sql`organization_id`;
  return deps.db.asWorker(
    (tx) => queryRows(tx, sealedRowColumns)`
      select ${id} as id, ${owner} as "organizationId", ${sealed} as sealed from ${sql.identifier(table)}
      where ${id} > ${afterId} and ${sealed} <> '' and split_part(${sealed}, ':', 3) <> ${writingKeyId}
      order by ${id} limit ${batchRows}`,
  );
}

async function rotateOne(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  { table, column: name, idColumn = 'id', reseal }: SealedColumn,
  row: SealedRow,
): Promise<'rotated' | 'unreadable' | 'changed'> {
  const sealed = sql.identifier(name);
  let resealed: string;
  try {
    resealed = reseal(deps.keyRing, row);
  } catch {
    return 'unreadable';
  }
  const { rowCount } = await deps.db.asWorker((tx) =>
    tx.execute(
      sql`update ${sql.identifier(table)} set ${sealed} = ${resealed} where ${sql.identifier(idColumn)} = ${row.id} and ${sealed} = ${row.sealed}`,
    ),
  );
  return rowCount === 1 ? 'rotated' : 'changed';
}

async function countByKey(deps: Pick<CoreDependencies, 'db'>): Promise<Record<string, number>> {
  const rows = await deps.db.asWorker(
    (tx) => queryRows(tx, { keyId: column.text, count: column.number })`
      select split_part(sealed, ':', 3) as "keyId", count(*)::int as count from (${sql.raw(allSealed)}) s where sealed <> '' group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ keyId, count }) => [keyId, count]));
}
