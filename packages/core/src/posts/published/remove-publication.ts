import type { Publication } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { publications } from '@vibetribe/db/schema/publications';
import { and, eq, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError, notFound } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { countPartsOut } from '../../publishing/changes/change-work.ts';
import { recordChangeEvent, show } from '../../publishing/changes/record-change.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { lockPost, type PostRow } from '../store/find-post.ts';
import { lockAccounts, type PostAccounts } from '../store/post-accounts.ts';
import { presentPublication } from '../read/present-publication.ts';
import { whyKept } from './why-kept.ts';

type RemovalDependencies = Pick<CoreDependencies, 'adapters' | 'keyRing' | 'logger'>;
type ChangeDependencies = RemovalDependencies & Pick<CoreDependencies, 'db' | 'signals'>;

/**
 * Takes a publication off its platform: a publisher does it, and asks again until it is gone or the platform has refused. Asking for it again
 * while it lasts, or once it is gone, changes nothing.
 * @throws DomainError `not_found`; `not_supported_by_platform`; `already_publishing` while it is on its way; `conflict` where nothing of it is
 *   known to be out, or its account is disconnected
 */
export async function removePublication(
  deps: ChangeDependencies,
  actor: Actor,
  { publicationId }: { readonly publicationId: string },
): Promise<Publication> {
  requireRight(actor, 'posts:write');
  const row = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { row, accounts } = await lockForChange(tx, actor, publicationId);
    const refusal = await removalRefusal(tx, deps, row, accounts);
    if (refusal !== null) throw refusal;
    return beginRemoval(tx, deps, row);
  });
  deps.signals.eventsCommitted();
  deps.signals.dispatchSoon();
  return presentPublication(row);
}

/** A publication with its post and its account, held until the transaction ends. @throws DomainError `not_found` */
export async function lockForChange(
  tx: Transaction,
  actor: Actor,
  publicationId: string,
): Promise<{ readonly post: PostRow; readonly row: PublicationRow; readonly accounts: PostAccounts }> {
  const [owner] = await tx
    .select({ postId: publications.postId, accountId: publications.accountId })
    .from(publications)
    .where(and(eq(publications.organizationId, actor.organizationId), eq(publications.id, publicationId)));
  if (owner === undefined) throw notFound('publication');
  const { post } = await lockPost(tx, actor, owner.postId);
  const accounts = await lockAccounts(tx, actor, [owner.accountId]);
  const [row] = await lockPublications(tx, [publicationId]);
  if (row === undefined) throw notFound('publication');
  return { post, row, accounts };
}

/** Why it cannot be asked for; null: it can. */
export async function removalRefusal(
  tx: Transaction,
  deps: RemovalDependencies,
  row: PublicationRow,
  accounts: PostAccounts,
): Promise<DomainError | null> {
  const adapter = deps.adapters[row.platform];
  const { displayName } = adapter;
  if (row.removal?.status === 'removing' || row.removal?.status === 'removed') return null;
  if (adapter.remove === undefined)
    return new DomainError(
      'not_supported_by_platform',
      `${displayName} has no way to take a post off for an application.`,
    );
  const refusal = unreachable(row, accounts, displayName);
  if (refusal !== null) return refusal;
  const kept = await whyKept(tx, deps, row);
  return kept === null ? null : new DomainError('not_supported_by_platform', `${kept}.`);
}

/** Why nothing can be done to what is out. */
export function unreachable(row: PublicationRow, accounts: PostAccounts, displayName: string): DomainError | null {
  if (isOnItsWay(row))
    return new DomainError('already_publishing', 'It is on its way; it can be changed once that has ended.');
  const partsOut = countPartsOut(row);
  if (partsOut === 0 || row.status === 'draft' || row.status === 'scheduled')
    return new DomainError('conflict', `Nothing of it is on ${displayName}.`);
  if (partsOut === null)
    return new DomainError('conflict', `It is not known under which id it stands on ${displayName}.`);
  if (accounts.get(row.accountId)?.status === 'disconnected')
    return new DomainError('conflict', 'Its account is disconnected; it must be connected again first.');
  return null;
}

/** Also while only a person can tell whether it is out. */
function isOnItsWay({ status, parts }: PublicationRow): boolean {
  if (status === 'scheduled') return parts.length > 0;
  return status === 'publishing' || status === 'waiting' || status === 'retrying' || status === 'unconfirmed';
}

/** @param row locked, with no refusal */
export async function beginRemoval(
  tx: Transaction,
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  row: PublicationRow,
): Promise<PublicationRow> {
  if (row.removal?.status === 'removing' || row.removal?.status === 'removed') return row;
  const removal = { status: 'removing' } as const;
  await wantChange(tx, row, 'remove', null);
  const edit = row.edit?.status === 'editing' ? { ...row.edit, status: 'failed' as const, detail: replaced } : row.edit;
  await show(tx, row.id, { removal, ...(edit === null ? {} : { edit }) });
  const message = `Asked to take it off ${adapters[row.platform].displayName}.`;
  await recordChangeEvent(tx, row, { type: 'publication.removing', message });
  return { ...row, removal, edit };
}

const replaced = 'It is taken off instead.';

/** The last one that was asked for is what is done; a run for the one before it finds that out at its next step. */
export async function wantChange(
  tx: Transaction,
  row: PublicationRow,
  kind: 'remove' | 'edit',
  content: string | null,
): Promise<void> {
  await tx.execute(sql`
    insert into publication_changes (id, organization_id, publication_id, kind, content)
    values (${newId('change')}, ${row.organizationId}, ${row.id}, ${kind}, ${content})
    on conflict (organization_id, publication_id) do update set kind = excluded.kind, content = excluded.content,
      version = publication_changes.version + 1, waiting_reason = null, enqueued_until = null, faults = 0, first_failed_at = null,
      due_at = greatest(clock_timestamp(), case when publication_changes.intent_at is null then null else publication_changes.due_at end)`);
}
