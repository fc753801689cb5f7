import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { contentFor } from '../../content/part-contents.ts';
import { isoTime } from '../../publishing/state/iso-time.ts';
import type { AccountContent } from './content-faults.ts';
import { textKeyOf } from '../store/text-key.ts';

/** Within this time of each other two equal texts on an account are told. */
const repeatWithinMs = 24 * 3_600_000;

const repeatColumns = { accountId: column.text, postId: column.text, isOut: column.boolean, atMs: column.number };

/** As in the index `publications_text_key`. */
const goesOutAt = sql.raw('case when p.published_at is null then p.scheduled_at else p.published_at end');

/**
 * The accounts on which the same text is out, or goes out, within a day of this one, each with a warning.
 * @param exceptPostId the post itself
 */
export async function findRepeats(
  tx: Transaction,
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  { organizationId }: Pick<Actor, 'organizationId'>,
  contents: readonly AccountContent[],
  { atMs, exceptPostId }: { readonly atMs: number; readonly exceptPostId: string | null },
): Promise<Map<string, ContentFinding>> {
  const wanted = contents.flatMap(({ account, content, variant }) => {
    const key = textKeyOf(contentFor({ content }, variant).text);
    return key === null ? [] : [{ accountId: account.id, key }];
  });
  if (wanted.length === 0) return new Map();
  const range = (sign: 1 | -1) => sql`to_timestamp(${(atMs + sign * repeatWithinMs) / 1000}::float8)`;
  const rows = await queryRows(tx, repeatColumns)`
    select w."accountId", t.post_id as "postId", t.is_out as "isOut", floor(extract(epoch from t.at) * 1000)::float8 as "atMs"
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w("accountId" text, key text)
    cross join lateral (
      select p.post_id, p.status = 'published' as is_out, ${goesOutAt} as at from publications p
      where p.organization_id = ${organizationId} and p.account_id = w."accountId" and p.text_key = w.key
        and ${goesOutAt} > ${range(-1)} and ${goesOutAt} < ${range(1)}
        and p.status not in ('draft', 'failed', 'canceled', 'skipped') and p.post_id is distinct from ${exceptPostId}
      order by ${goesOutAt} desc limit 1) t`;
  const platformOf = new Map(contents.map(({ account }) => [account.id, adapters[account.platform].displayName]));
  return new Map(
    rows.map(({ accountId, postId, isOut, atMs: otherAtMs }) => {
      const when = isOut ? `was published at ${isoTime(otherAtMs)}` : `goes out at ${isoTime(otherAtMs)}`;
      const message = `The same text ${when} on this account (post ${postId}); ${platformOf.get(accountId) ?? 'the platform'} may refuse it or show it less`;
      return [accountId, { severity: 'warning', code: 'duplicate_text', message, field: 'content' }];
    }),
  );
}
