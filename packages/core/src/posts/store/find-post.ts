import { queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { posts } from '@vibetribe/db/schema/posts';
import { publications } from '@vibetribe/db/schema/publications';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import { notFound } from '../../domain-error.ts';
import {
  type PublicationRow,
  publicationColumns,
  publicationRowColumns,
} from '../../publishing/store/publication-row.ts';

/** Without what only lists are found by. */
export type PostRow = Omit<typeof posts.$inferSelect, 'scheduledDay'>;

export interface FoundPost {
  readonly post: PostRow;
  /** In the order of the post's accounts. */
  readonly publications: readonly PublicationRow[];
}

/** A post whose row is locked: no other edit, and no publication of it comes or goes, until the transaction ends. */
export interface LockedPost {
  readonly post: PostRow;
  /** Not locked themselves: whoever needs the accounts too locks those first. */
  readonly publicationIds: readonly string[];
  readonly accountIds: readonly string[];
}

/** @throws DomainError `not_found` also for a deleted post, and for one with an account that the actor's key may not use */
export async function readPost(tx: Transaction, actor: Actor, postId: string): Promise<FoundPost> {
  const [post] = await tx.select().from(posts).where(visible(actor, postId));
  if (post === undefined) throw notFound('post');
  const rows = await readPublications(tx, actor, [postId]);
  requireWithinLimits(actor, rows);
  return { post, publications: rows };
}

/**
 * Locks are taken in one order everywhere: post, accounts, publications.
 * @throws DomainError as `readPost`
 */
export async function lockPost(tx: Transaction, actor: Actor, postId: string): Promise<LockedPost> {
  const [post] = await tx.select().from(posts).where(visible(actor, postId)).for('update');
  if (post === undefined) throw notFound('post');
  const rows = await tx
    .select({ id: publications.id, accountId: publications.accountId })
    .from(publications)
    .where(and(eq(publications.organizationId, actor.organizationId), eq(publications.postId, postId)))
    .orderBy(asc(publications.id));
  requireWithinLimits(actor, rows);
  return { post, publicationIds: rows.map((row) => row.id), accountIds: rows.map((row) => row.accountId) };
}

export async function readPublications(
  tx: Transaction,
  actor: Pick<Actor, 'organizationId'>,
  postIds: readonly string[],
): Promise<PublicationRow[]> {
  if (postIds.length === 0) return [];
  return queryRows(tx, publicationRowColumns)`
    select ${publicationColumns} from publications p
    where p.organization_id = ${actor.organizationId} and p.post_id = any(${sql.param(postIds)}::text[]) order by p.id`;
}

function visible(actor: Actor, postId: string) {
  return and(eq(posts.organizationId, actor.organizationId), eq(posts.id, postId), isNull(posts.deletedAt));
}

function requireWithinLimits(actor: Actor, rows: readonly { accountId: string }[]): void {
  const { accountIds } = actor;
  if (accountIds !== null && rows.some((row) => !accountIds.includes(row.accountId))) throw notFound('post');
}
