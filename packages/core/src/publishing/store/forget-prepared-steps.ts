import type { Transaction } from '@vibetribe/db/connect-database';
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
