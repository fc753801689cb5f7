import { isoInstant } from '@vibetribe/db/iso-instant';
import { queryRows } from '@vibetribe/db/query-rows';
import { PausedPublication } from '@vibetribe/contracts/pause';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { findPause, inScope, type PauseRow } from './pause-row.ts';

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
      from (${held(actor, pause, input)}) held
      join publications p on p.id = held.id
      join posts po on po.organization_id = p.organization_id and po.id = p.post_id
      order by p.id limit ${input.limit + 1}`;
    return { items: rows.slice(0, input.limit), hasMore: rows.length > input.limit };
  });
}

/** What waits for the pause's end, and what is due and not yet looked at: by account, as the index of what is due is searched. */
function held(actor: Actor, pause: PauseRow, { limit, afterId }: { limit: number; afterId: string | null }): SQL {
  const own = sql`p.organization_id = ${actor.organizationId} and ${inScope(pause)} and ${ofOwnAccounts(actor)}
    and ${afterId === null ? sql`true` : sql`p.id > ${afterId}`}`;
  const page = sql`order by p.id limit ${limit + 1}`;
  return sql`
    (select p.id from publications p where ${own} and p.status = 'waiting' and p.waiting_reason = 'paused' ${page})
    union
    (select p.id from publications p where ${own} and p.status in ('scheduled', 'retrying', 'waiting') and p.due_at <= statement_timestamp()
      and p.account_id = any(array(select a.id from accounts a where a.organization_id = ${actor.organizationId})) ${page})`;
}

function ofOwnAccounts({ accountIds }: Actor): SQL {
  return accountIds === null ? sql`true` : sql`p.account_id = any(${sql.param([...accountIds])}::text[])`;
}
