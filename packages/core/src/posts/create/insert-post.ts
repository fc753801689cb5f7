import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Misfire, ThreadPart, Variant } from '@vibetribe/contracts/post';
import type { PostPriority } from '@vibetribe/contracts/publication-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import { contentFor, countParts } from '../../content/part-contents.ts';
import type { FoundPost, PostRow } from '../store/find-post.ts';
import { newPublicationRow, type PublicationSeed } from './new-publication-row.ts';
import type { MediaAlts } from '../../media/media-alts.ts';
import type { PostAccount } from '../store/post-accounts.ts';
import { textKeyOf } from '../store/text-key.ts';

export interface NewPost {
  readonly content: string;
  readonly mediaIds: readonly string[];
  readonly thread: readonly ThreadPart[];
  readonly mediaAlts: MediaAlts;
  readonly scheduledAt: Date | null;
  readonly timezone: string | null;
  readonly priority: PostPriority;
  readonly misfire: Misfire | null;
  readonly copies: readonly { readonly account: Pick<PostAccount, 'id' | 'platform'>; readonly variant: Variant }[];
}

/** Writes a draft with its publications and the first line of its timeline, in one statement. */
export async function insertPost(tx: Transaction, actor: Actor, post: NewPost): Promise<FoundPost> {
  const id = newId('post');
  const { organizationId, userId } = actor;
  const thread = post.thread.length === 0 ? null : [...post.thread];
  const seeds = publicationSeeds({ id, thread }, post.copies);
  const created = { accountIds: post.copies.map(({ account }) => account.id), scheduledAt: post.scheduledAt };
  const message = post.copies.length === 1 ? 'Created for one account.' : `Created for ${post.copies.length} accounts.`;
  const rows = await queryRows(tx, { createdAtMs: column.number })`
    with post as (
      insert into posts (id, organization_id, author_user_id, content, media_ids, media_alts, thread, scheduled_at, timezone, priority, misfire)
      values (${id}, ${organizationId}, ${userId}, ${post.content}, ${sql.param(post.mediaIds)}::text[],
        ${JSON.stringify(post.mediaAlts)}::jsonb,
        ${thread === null ? null : JSON.stringify(thread)}::jsonb,
        ${post.scheduledAt?.toISOString() ?? null}::timestamptz, ${post.timezone}, ${post.priority},
        ${post.misfire === null ? null : JSON.stringify(post.misfire)}::jsonb)
      returning created_at
    ), copies as (${insertSeeds(organizationId, post, seeds)}),
    told as (
      insert into events (organization_id, post_id, type, message, data)
      values (${organizationId}, ${id}, 'post.created', ${message}, ${JSON.stringify(created)}::jsonb)
    )
    select floor(extract(epoch from created_at) * 1000)::float8 as "createdAtMs" from post`;
  const createdAt = new Date(rows[0]?.createdAtMs ?? Number.NaN);
  const row: PostRow = {
    id,
    organizationId,
    authorUserId: userId,
    content: post.content,
    mediaIds: [...post.mediaIds],
    thread,
    mediaAlts: post.mediaAlts,
    scheduledAt: post.scheduledAt,
    timezone: post.timezone,
    priority: post.priority,
    misfire: post.misfire,
    version: 1,
    createdAt,
    updatedAt: createdAt,
    deletedAt: null,
  };
  return { post: row, publications: seeds.map((seed) => newPublicationRow(organizationId, seed, createdAt.getTime())) };
}

/** Adds drafts for more accounts to a post whose row is locked. */
export async function insertPublications(
  tx: Transaction,
  post: Pick<PostRow, 'id' | 'organizationId' | 'content' | 'thread'>,
  copies: NewPost['copies'],
  nowMs: number,
): Promise<FoundPost['publications']> {
  if (copies.length === 0) return [];
  const seeds = publicationSeeds(post, copies);
  await tx.execute(insertSeeds(post.organizationId, post, seeds));
  return seeds.map((seed) => newPublicationRow(post.organizationId, seed, nowMs));
}

/** Ids rise in the order of the accounts, and publications are always read in the order of their ids. */
function publicationSeeds(post: Pick<PostRow, 'id' | 'thread'>, copies: NewPost['copies']): PublicationSeed[] {
  const ids = copies.map(() => newId('publication')).sort();
  return copies.map(({ account, variant }, index) => ({
    id: ids[index] ?? newId('publication'),
    postId: post.id,
    accountId: account.id,
    platform: account.platform,
    variant,
    partCount: countParts(post, variant),
  }));
}

function insertSeeds(organizationId: string, post: { readonly content: string }, seeds: readonly PublicationSeed[]) {
  const withKeys = seeds.map((seed) => ({ ...seed, textKey: textKeyOf(contentFor(post, seed.variant).text) }));
  return sql`
    insert into publications (id, organization_id, post_id, account_id, platform, status, variant, part_count, text_key)
    select s.id, ${organizationId}, s."postId", s."accountId", s.platform, 'draft', s.variant, s."partCount", s."textKey"
    from jsonb_to_recordset(${JSON.stringify(withKeys)}::jsonb)
      as s(id text, "postId" text, "accountId" text, platform text, variant jsonb, "partCount" int, "textKey" text)`;
}
