import type { Publication, ResolvePublication } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import { publications, publicationSteps } from '@vibetribe/db/schema/publications';
import { and, eq, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError, notFound } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import type { PartPosition, Resolution } from '../../publishing/state/publication-input.ts';
import { platformAccountOf, findPostOwner } from '../../publishing/record/match-posts.ts';
import { lockPost } from '../store/find-post.ts';
import { accountFaults, lockAccounts, readAccounts } from '../store/post-accounts.ts';
import { presentPublication } from '../read/present-publication.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { takeTransitions } from '../store/take-transitions.ts';

/**
 * A person settles what only a person can: whether an unconfirmed publication is out, or one that a pause holds back, or whether a late one
 * still goes.
 * @throws DomainError `not_found`; `conflict` when it asks no such question; `validation_failed`, also when
 *   it is to be sent again and its account is disconnected
 */
export async function resolvePublication(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'adapters'>,
  actor: Actor,
  { publicationId, answer }: { readonly publicationId: string; readonly answer: ResolvePublication },
): Promise<Publication> {
  requireRight(actor, 'posts:write');
  const resolution = resolutionOf(answer);
  const row = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { postId, accountId } = await ownerOf(tx, actor, publicationId);
    await lockPost(tx, actor, postId);
    if (resolution.kind === 'not_published' && resolution.retry) await requireConnected(tx, actor, accountId);
    const rows = await lockPublications(tx, [publicationId]);
    if (resolution.kind === 'not_published' && resolution.retry && rows.some(({ removal }) => removal !== null))
      throw new DomainError('conflict', 'What is out of it is taken off: nothing more of it is sent.');
    if (resolution.kind === 'published' && resolution.platformPostId !== null)
      await requireFree(deps, tx, actor, { publicationId, accountId, platformPostId: resolution.platformPostId });
    const taken = await takeTransitions(tx, rows, (row) => {
      const part = placeIn(row);
      requirePostId(resolution, part);
      return { type: 'resolve', resolution, ...part };
    });
    const [resolved] = taken.rows;
    if (resolved === undefined) throw notFound('publication');
    if (taken.movedCount === 0) throw refusal(resolution);
    if (resolution.kind === 'not_published') await forgetResults(tx, publicationId, resolved.parts.length);
    return resolved;
  });
  notifyAfterCommit(deps.signals, [row]);
  return presentPublication(row);
}

function resolutionOf(answer: ResolvePublication): Resolution {
  switch (answer.outcome) {
    case 'published': {
      const { url = null, platformPostId = null } = answer;
      const isWebPage = url === null || ['https:', 'http:'].includes(new URL(url).protocol);
      refuseFaults(isWebPage ? [] : [{ path: 'url', message: 'must be the address of a web page' }]);
      return { kind: 'published', platformPostId, url };
    }
    case 'not_published':
      return { kind: 'not_published', retry: answer.retry };
    case 'publish':
    case 'skip':
      return { kind: answer.outcome };
  }
}

/** What its steps had brought is not there, the person says: a new try begins at the first one. Keys stay: a platform that knows one refuses a double. */
async function forgetResults(tx: Transaction, publicationId: string, partsDone: number): Promise<void> {
  await tx
    .update(publicationSteps)
    .set({ result: null, doneAt: null })
    .where(and(eq(publicationSteps.publicationId, publicationId), ofPart(partsDone)));
}

async function ownerOf(
  tx: Transaction,
  actor: Actor,
  publicationId: string,
): Promise<{ postId: string; accountId: string }> {
  const [row] = await tx
    .select({ postId: publications.postId, accountId: publications.accountId })
    .from(publications)
    .where(and(eq(publications.organizationId, actor.organizationId), eq(publications.id, publicationId)));
  if (row === undefined) throw notFound('publication');
  return row;
}

/** What is sent again needs its account, and holds it until the transaction ends. */
async function requireConnected(tx: Transaction, actor: Actor, accountId: string): Promise<void> {
  const faults = accountFaults([accountId], await lockAccounts(tx, actor, [accountId]));
  refuseFaults(faults.map(({ message }) => ({ path: 'retry', message })));
}

function ofPart(index: number) {
  return index === 0
    ? sql`${publicationSteps.name} !~ '^part [0-9]+: '`
    : sql`starts_with(${publicationSteps.name}, ${`part ${index + 1}: `})`;
}

/** The part that is in doubt, of several. */
function placeIn({ parts, partCount }: PublicationRow): { readonly part?: PartPosition } {
  if (partCount === 1) return {};
  return { part: { index: parts.length, isLast: parts.length >= partCount - 1, leaseMs: 0 } };
}

/** The next part of a thread answers this one, so its id has to be given. */
function requirePostId(resolution: Resolution, { part }: { readonly part?: PartPosition }): void {
  const isMissing = resolution.kind === 'published' && resolution.platformPostId === null && part?.isLast === false;
  refuseFaults(isMissing ? [{ path: 'platformPostId', message: 'is needed: the next part answers this one' }] : []);
}

function refusal({ kind }: Resolution): DomainError {
  const asked =
    kind === 'publish' || kind === 'skip'
      ? 'does not ask for a decision'
      : 'is not unconfirmed, and held back by no pause';
  return new DomainError('conflict', `The publication ${asked}.`);
}

/** A platform's post belongs to one publication, of whichever organization. */
async function requireFree(
  deps: Pick<CoreDependencies, 'db' | 'adapters'>,
  tx: Transaction,
  actor: Actor,
  claimed: { readonly publicationId: string; readonly accountId: string; readonly platformPostId: string },
): Promise<void> {
  const account = (await readAccounts(tx, actor, [claimed.accountId])).get(claimed.accountId);
  if (account === undefined) throw notFound('publication');
  const platformAccount = platformAccountOf(deps, { platform: account.platform, account: account.adapterAccount });
  const owner = await findPostOwner(deps, tx, { ...platformAccount, platformPostId: claimed.platformPostId });
  const isTaken = owner !== null && owner !== claimed.publicationId;
  refuseFaults(isTaken ? [{ path: 'platformPostId', message: 'belongs to another publication of this account' }] : []);
}
