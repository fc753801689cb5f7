import type { PublishedEdit, Removal } from '@vibetribe/contracts/post';
import type { EventType } from '@vibetribe/contracts/event-type';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { endSentence } from '../state/end-sentence.ts';
import { isoTime } from '../state/iso-time.ts';
import { lockPublications } from '../store/decide-and-write.ts';
import type { PublicationRow } from '../store/publication-row.ts';
import { type ChangeRow, changeColumns, type ChangeWork, shownChange } from './change-work.ts';

/** What a run of a change came to. `detail` is shown, as a sentence. */
export type ChangeOutcome =
  | { readonly kind: 'done'; readonly alreadyGone: boolean }
  | { readonly kind: 'failed' | 'unconfirmed'; readonly detail: string }
  | {
      readonly kind: 'wait';
      readonly reason: 'token' | 'rate_limit' | 'breaker' | 'paused' | 'internal' | 'fault';
      /** Null: until whatever it waits for has come. */
      readonly untilMs: number | null;
      readonly detail: string;
      /** True where the last request certainly did nothing; false where it may have been carried out. */
      readonly isUnsent: boolean;
    };

type Held = Pick<ChangeWork, 'change' | 'publicationId' | 'platform'>;

/**
 * Writes an outcome, in one transaction with the timeline. A run that lost its claim writes nothing. Where something else was asked for
 * meanwhile, the row goes on with that.
 */
export async function recordChange(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'adapters' | 'failpoints'>,
  work: Held,
  outcome: ChangeOutcome,
): Promise<void> {
  const isWritten = await deps.db.asWorker(async (tx) => {
    const [row] = await lockPublications(tx, [work.publicationId]);
    const current = await heldChange(tx, deps, work.change);
    if (row === undefined || current === null) return false;
    await writeOutcome(tx, deps, row, { claimed: work.change, current }, outcome);
    await deps.failpoints.reach('change:before_record');
    return true;
  });
  await deps.failpoints.reach('change:after_record');
  if (!isWritten) return;
  deps.signals.eventsCommitted();
  deps.signals.dispatchSoon();
}

/** The row as it is now, if the claim still holds. */
async function heldChange(
  tx: Transaction,
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
  claimed: ChangeRow,
): Promise<ChangeRow | null> {
  const [row] = await queryRows(tx, changeColumns)`
    select ${shownChange} from publication_changes c where c.id = ${claimed.id} for update of c`;
  if (row === undefined) return null;
  return row.fence === claimed.fence || !failpoints.has('change_fence') ? row : null;
}

export async function writeOutcome(
  tx: Transaction,
  { adapters, failpoints }: Pick<CoreDependencies, 'adapters' | 'failpoints'>,
  row: PublicationRow,
  { claimed, current }: { readonly claimed: ChangeRow; readonly current: ChangeRow },
  outcome: ChangeOutcome,
): Promise<void> {
  const name = adapters[row.platform].displayName;
  if (current.version !== claimed.version && failpoints.has('change_fence')) {
    // What the platform shows by now is kept, and what was asked for last is done next.
    if (claimed.kind === 'edit' && outcome.kind === 'done' && row.edit !== null)
      await show(tx, row.id, { edit: { ...row.edit, liveContent: claimed.content } });
    const dueAtMs = Math.max(current.nowMs, current.kind === 'edit' ? overAtMs(outcome) : 0);
    await release(tx, current.id, { dueAtMs, reason: null, isUnsent: false, isFault: false });
    return;
  }
  const told = tell(claimed.kind, name, row, outcome);
  const isNews = outcome.kind !== 'wait' || shownDetail(row, claimed.kind) !== told.detail;
  await show(tx, row.id, shownAfter(row, claimed, outcome, told.detail));
  if (outcome.kind === 'wait')
    await release(tx, current.id, {
      dueAtMs: outcome.untilMs,
      reason: outcome.reason,
      isUnsent: outcome.isUnsent,
      isFault: outcome.reason === 'fault',
    });
  else await tx.execute(sql`delete from publication_changes where id = ${current.id}`);
  if (!isNews) return;
  await recordChangeEvent(tx, row, told);
  if (outcome.kind === 'failed' || outcome.kind === 'unconfirmed') await notify(tx, row, told);
}

/** When a request that may still be on its way is over: carried out late, its text would replace that of the next one. */
function overAtMs(outcome: ChangeOutcome): number {
  const isOnItsWay = outcome.kind === 'wait' && outcome.reason === 'fault' && !outcome.isUnsent;
  return isOnItsWay ? (outcome.untilMs ?? 0) : 0;
}

interface Release {
  readonly dueAtMs: number | null;
  readonly reason: string | null;
  readonly isUnsent: boolean;
  readonly isFault: boolean;
}

async function release(tx: Transaction, id: string, { dueAtMs, reason, isUnsent, isFault }: Release): Promise<void> {
  await tx.execute(sql`
    update publication_changes set lease_until = null, lease_owner = null, enqueued_until = null, waiting_reason = ${reason},
      due_at = to_timestamp(${dueAtMs}::float8 / 1000), intent_at = case when ${isUnsent} then null else intent_at end,
      first_failed_at = case when ${isFault} then coalesce(first_failed_at, clock_timestamp()) end,
      faults = case when ${isFault} then faults + 1 else 0 end
    where id = ${id}`);
}

export async function show(
  tx: Transaction,
  publicationId: string,
  { removal, edit }: { readonly removal?: Removal; readonly edit?: PublishedEdit },
): Promise<void> {
  await tx.execute(sql`
    update publications set updated_at = clock_timestamp(),
      removal = coalesce(${removal === undefined ? null : JSON.stringify(removal)}::jsonb, removal),
      edit = coalesce(${edit === undefined ? null : JSON.stringify(edit)}::jsonb, edit)
    where id = ${publicationId}`);
}

function shownAfter(
  row: PublicationRow,
  change: ChangeRow,
  outcome: ChangeOutcome,
  detail: string,
): { removal?: Removal; edit?: PublishedEdit } {
  const isDone = outcome.kind === 'done';
  if (change.kind === 'remove') {
    const status = isDone ? 'removed' : outcome.kind === 'wait' ? 'removing' : outcome.kind;
    return { removal: isDone ? { status } : { status, detail } };
  }
  const liveContent = isDone ? change.content : (row.edit?.liveContent ?? null);
  const status = isDone ? 'edited' : outcome.kind === 'wait' ? 'editing' : outcome.kind;
  return { edit: { status, content: change.content, liveContent, ...(isDone ? {} : { detail }) } };
}

function shownDetail(row: PublicationRow, kind: ChangeRow['kind']): string | undefined {
  return kind === 'remove' ? row.removal?.detail : row.edit?.detail;
}

export interface ToldChange {
  readonly type: EventType;
  readonly message: string;
  readonly detail: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function tell(kind: ChangeRow['kind'], name: string, row: PublicationRow, outcome: ChangeOutcome): ToldChange {
  const isRemoval = kind === 'remove';
  switch (outcome.kind) {
    case 'done': {
      const gone = outcome.alreadyGone ? `It is gone from ${name} already.` : `It is off ${name}.`;
      const message = isRemoval ? gone : `${name} shows the new text.`;
      return { type: isRemoval ? 'publication.removed' : 'publication.content_edited', message, detail: '' };
    }
    case 'failed': {
      const detail = endSentence(outcome.detail);
      const message = `${isRemoval ? `It was not taken off ${name}` : `${name} did not take the new text`}: ${detail}`;
      return { type: isRemoval ? 'publication.removal_failed' : 'publication.content_failed', message, detail };
    }
    case 'unconfirmed': {
      const detail = endSentence(outcome.detail);
      const message = `Whether ${isRemoval ? `it is off ${name}` : `${name} has the new text`} is not known: ${detail}`;
      return {
        type: isRemoval ? 'publication.removal_unconfirmed' : 'publication.content_unconfirmed',
        message,
        detail,
      };
    }
    case 'wait': {
      const detail = endSentence(outcome.detail);
      const until = outcome.untilMs === null ? null : isoTime(outcome.untilMs);
      const message = until === null ? detail : `${detail} Looks again at ${until}.`;
      const data = { reason: outcome.reason, until, postStatus: row.status };
      return { type: isRemoval ? 'publication.removal_waiting' : 'publication.content_waiting', message, detail, data };
    }
  }
}

export async function recordChangeEvent(
  tx: Transaction,
  row: Pick<PublicationRow, 'id' | 'organizationId' | 'postId' | 'status'>,
  { type, message, data = {} }: Pick<ToldChange, 'type' | 'message' | 'data'>,
): Promise<void> {
  await tx.execute(sql`
    insert into events (organization_id, post_id, publication_id, type, message, data)
    values (${row.organizationId}, ${row.postId}, ${row.id}, ${type}, ${message}, ${JSON.stringify({ ...data, status: row.status })}::jsonb)`);
}

const notificationKind = 'publication_change_failed';

async function notify(tx: Transaction, row: PublicationRow, { type, message }: ToldChange): Promise<void> {
  const id = newId('notification');
  const title = type.startsWith('publication.removal') ? 'A post was not taken off' : 'A published post was not edited';
  const data = { postId: row.postId, publicationId: row.id, accountId: row.accountId, platform: row.platform };
  await tx.execute(sql`
    with notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      values (${id}, ${row.organizationId}, ${notificationKind}, ${title}, ${message}, ${JSON.stringify(data)}::jsonb)
    )
    insert into events (organization_id, type, message, data)
    values (${row.organizationId}, 'notification.created', ${title},
      jsonb_build_object('notificationId', ${id}::text, 'kind', ${notificationKind}::text, 'body', ${message}::text))`);
}
