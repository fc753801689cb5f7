import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { clientContext } from '../accounts/connect/client-for-server.ts';
import { openCredentials, sealCredentials } from '../accounts/grants/seal-credentials.ts';
import type { KeyRing } from '@vibetribe/security/key-ring';
import type { CoreDependencies } from '../core-dependencies.ts';
import { mailContext } from '../mail/mail-content.ts';
import { openTotpSecret, sealTotpSecret } from '../identity/totp-secret.ts';
import { openMessageAddress, sealMessageAddress } from '../notifications/message-address.ts';
import { openWebhookSecret, sealWebhookSecret } from '../webhooks/webhook-secret.ts';

export interface KeyRotation {
  /** Sealed anew under the key that writes. */
  readonly rotated: number;
  /** Could not be opened with any key that is here; they stay as they are. */
  readonly unreadable: number;
  /** Secrets of grants, webhooks, second factors and mails, by the id of the key that they are sealed under; destroyed credentials are not counted. */
  readonly byKey: Readonly<Record<string, number>>;
}

const sealedRowColumns = { id: column.text, organizationId: column.text, sealed: column.text };
type SealedRow = RowOf<typeof sealedRowColumns>;

/** A column of long-lived secrets, and how one is sealed anew. What lives for minutes (consents, OAuth states) needs no rotation. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** What its rows are found by; `id` where nothing is said. */
  readonly idColumn?: string;
  /** No organization's. */
  readonly isOfService?: true;
  /** @throws SecretUnreadableError */
  readonly reseal: (keyRing: KeyRing, row: SealedRow) => string;
}

const resealWebhook = (keyRing: KeyRing, row: SealedRow) =>
  sealWebhookSecret(keyRing, row, openWebhookSecret(keyRing, row, row.sealed));

const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'grants',
    column: 'credentials',
    reseal: (keyRing, row) => sealCredentials(keyRing, row, openCredentials(keyRing, row, row.sealed)),
  },
  { table: 'webhooks', column: 'secret_sealed', reseal: resealWebhook },
  { table: 'webhooks', column: 'previous_secret_sealed', reseal: resealWebhook },
  {
    table: 'totp_factors',
    column: 'secret_sealed',
    idColumn: 'user_id',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => sealTotpSecret(keyRing, id, openTotpSecret(keyRing, id, sealed)),
  },
  {
    table: 'notification_preferences',
    column: 'webhook_sealed',
    idColumn: 'user_id',
    reseal(keyRing, { id: userId, organizationId, sealed }) {
      const place = { organizationId, userId };
      return sealMessageAddress(keyRing, place, openMessageAddress(keyRing, place, sealed));
    },
  },
  {
    table: 'mails',
    column: 'sealed',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => keyRing.seal(keyRing.open(sealed, mailContext(id)), mailContext(id)),
  },
  {
    table: 'server_clients',
    column: 'client_sealed',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => keyRing.seal(keyRing.open(sealed, clientContext(id)), clientContext(id)),
  },
];

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
  const all = sql.join(
    sealedColumns.map(
      ({ table, column: name }) => sql`select ${sql.identifier(name)} as sealed from ${sql.identifier(table)}`,
    ),
    sql` union all `,
  );
  const rows = await deps.db.asWorker(
    (tx) => queryRows(tx, { keyId: column.text, count: column.number })`
      select split_part(sealed, ':', 3) as "keyId", count(*)::int as count from (${all}) s where sealed <> '' group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ keyId, count }) => [keyId, count]));
}
