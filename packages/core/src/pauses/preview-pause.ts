import { isoInstant } from '@vibetribe/db/iso-instant';
import { queryRows } from '@vibetribe/db/query-rows';
import { PausedPublication } from '@vibetribe/contracts/pause';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { findPause, inScope } from './pause-row.ts';

const excerptCharacters = 280;

/** The actor's own publications that a pause holds back, oldest first: what would go out if it were lifted now. */
export async function previewPause(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: { id: string; limit: number; afterId: string | null },
): Promise<{ items: PausedPublication[]; hasMore: boolean }> {
  requireRight(actor, 'accounts:read');
  const pause = await deps.db.asWorker((tx) => findPause(tx, actor, input.id));
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const rows = await queryRows(tx, PausedPublication.shape)`
      select p.id as "publicationId", p.post_id as "postId", p.account_id as "accountId", p.platform,
        ${isoInstant('p.scheduled_at')} as "scheduledAt",
        left(coalesce(p.variant ->> 'content', po.content), ${excerptCharacters}) as text
      from publications p join posts po on po.organization_id = p.organization_id and po.id = p.post_id
      where ${inScope(pause)} and ${ofOwnAccounts(actor)} and (
        p.status = 'waiting' and p.waiting_reason = 'paused'
        or p.status in ('scheduled', 'retrying', 'waiting') and p.due_at <= statement_timestamp())
        and ${input.afterId === null ? sql`true` : sql`p.id > ${input.afterId}`}
      order by p.id limit ${input.limit + 1}`;
    return { items: rows.slice(0, input.limit), hasMore: rows.length > input.limit };
  });
}

function ofOwnAccounts({ accountIds }: Actor): SQL {
  return accountIds === null ? sql`true` : sql`p.account_id = any(${sql.param([...accountIds])}::text[])`;
}
