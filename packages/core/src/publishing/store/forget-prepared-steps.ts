import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { forgetCards } from '../../cards/card-rows.ts';

/** What was uploaded or looked up for the content as it was. A key that a send was made under is kept: to the platform the next one is the same. */
export async function forgetPreparedSteps(tx: Transaction, publicationIds: readonly string[]): Promise<void> {
  if (publicationIds.length === 0) return;
  await tx.execute(
    sql`delete from publication_steps where publication_id = any(${sql.param(publicationIds)}::text[]) and effect <> 'once'`,
  );
  await forgetCards(tx, publicationIds);
}

/** For what is sent as something new: a key stands for the content that it was made with. Only where no send may have arrived. */
export async function forgetAllSteps(tx: Transaction, publicationIds: readonly string[]): Promise<void> {
  if (publicationIds.length === 0) return;
  await tx.execute(sql`delete from publication_steps where publication_id = any(${sql.param(publicationIds)}::text[])`);
}

/**
 * Of what the platform had taken and refused afterwards: the next send is something new, as to ask again what became of this one would bring
 * the same refusal. Only where no other send may have arrived.
 */
export async function forgetRefusedSends(tx: Transaction, publicationIds: readonly string[]): Promise<void> {
  if (publicationIds.length === 0) return;
  const taken = await queryRows(tx, { id: column.text })`
    select distinct publication_id as id from publication_steps
    where publication_id = any(${sql.param(publicationIds)}::text[]) and effect = 'once' and done_at is not null`;
  await forgetAllSteps(
    tx,
    taken.map(({ id }) => id),
  );
}
