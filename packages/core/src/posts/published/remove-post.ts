import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { recordChangeEvent, show } from '../../publishing/changes/record-change.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { lockPost } from '../store/find-post.ts';
import { lockAccounts } from '../store/post-accounts.ts';
import { presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { beginRemoval, removalRefusal } from './remove-publication.ts';
import { requireVersion } from '../store/require-version.ts';
import { takeTransitions } from '../store/take-transitions.ts';

/**
 * Takes a post off the platforms that let it be, and cancels what of it has not gone out. Where one of its platforms does not, that is told on
 * its publication. The post itself stays, with the status that it was published with.
 * @throws DomainError `not_found`; `precondition_failed`; `already_publishing` while something of it is on its way; where nothing can be taken
 *   off, why: `not_supported_by_platform` or `conflict`
 */
export async function removePost(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'adapters' | 'keyRing' | 'logger'>,
  actor: Actor,
  { postId, expected }: { readonly postId: string; readonly expected: number | null },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const removed = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, publicationIds, accountIds } = await lockPost(tx, actor, postId);
    requireVersion(post, expected);
    const accounts = await lockAccounts(tx, actor, accountIds);
    const rows = await lockPublications(tx, publicationIds);
    const refusals = new Map<string, DomainError | null>();
    for (const row of rows) refusals.set(row.id, await removalRefusal(tx, deps, row, accounts));
    if ([...refusals.values()].every((refusal) => refusal !== null)) throw worst([...refusals.values()]);
    const taken = await takeTransitions(tx, rows, ({ status }) => (status === 'scheduled' ? { type: 'cancel' } : null));
    const after: PublicationRow[] = [];
    for (const row of taken.rows) {
      const refusal = refusals.get(row.id) ?? null;
      if (refusal?.code === 'already_publishing') throw refusal;
      after.push(refusal === null ? await beginRemoval(tx, deps, row) : await tellRefusal(tx, row, refusal));
    }
    return { post, publications: after };
  });
  deps.signals.eventsCommitted();
  deps.signals.dispatchSoon();
  return presentVersioned(removed);
}

/** What can be done about comes first. */
function worst(refusals: readonly (DomainError | null)[]): DomainError {
  const codes = ['already_publishing', 'not_supported_by_platform', 'conflict'];
  const all = refusals.flatMap((refusal) => refusal ?? []);
  const [first] = all.toSorted((one, other) => codes.indexOf(one.code) - codes.indexOf(other.code));
  return first ?? new DomainError('conflict', 'Nothing of the post is on a platform.');
}

async function tellRefusal(
  tx: Parameters<typeof show>[0],
  row: PublicationRow,
  refusal: DomainError,
): Promise<PublicationRow> {
  if (row.status !== 'published') return row;
  const removal = { status: 'failed', detail: refusal.message } as const;
  await show(tx, row.id, { removal });
  const message = `It was not taken off: ${refusal.message}`;
  await recordChangeEvent(tx, row, { type: 'publication.removal_failed', message });
  return { ...row, removal };
}
