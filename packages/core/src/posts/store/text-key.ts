import { createHash } from 'node:crypto';
import { seenForm } from '@vibetribe/platforms/text/normal-form';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { contentFor } from '../../content/part-contents.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';

const keyCharacters = 24;

/** The same for texts that look the same: composed letters, spaces and what cannot be seen do not count. Null: no text. */
export function textKeyOf(text: string): string | null {
  const shown = seenForm(text);
  return shown === '' ? null : createHash('sha256').update(shown).digest('hex').slice(0, keyCharacters);
}

/** After an edit of the post or of its variants. */
export async function storeTextKeys(
  tx: Transaction,
  post: { readonly content: string },
  rows: readonly Pick<PublicationRow, 'id' | 'variant'>[],
): Promise<void> {
  if (rows.length === 0) return;
  const keys = rows.map(({ id, variant }) => ({ id, key: textKeyOf(contentFor(post, variant).text) }));
  await tx.execute(sql`
    update publications p set text_key = k.key from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k(id text, key text)
    where p.id = k.id and p.text_key is distinct from k.key`);
}
