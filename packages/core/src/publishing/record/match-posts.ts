import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import { postTaken } from '../state/post-taken.ts';
import type { OutcomeRecord } from './outcome-record.ts';

type Report = OutcomeRecord['report'];

export interface PostOwners {
  /** The report as it counts: a post belongs to the first publication that is settled with it, and proves nothing for another one. */
  receive(record: OutcomeRecord, quietMs: number): { readonly report: Report; readonly isTaken: boolean };
}

/** A platform's post, by what names it there: several organizations may have connected its account. */
export interface PlatformPost {
  readonly platform: string;
  /** Null where an account is the same on whichever server it lives. */
  readonly service: string | null;
  readonly externalId: string;
  readonly platformPostId: string;
}

/**
 * Which publications the posts of these records belong to by now. Where a platform is asked by text, two equal posts may be taken for each
 * other. It happens when two look-ups run in the same moment, or when a look-up runs just before the answer to the send is written.
 */
export async function readPostOwners(
  deps: Pick<CoreDependencies, 'adapters'>,
  tx: Transaction,
  records: readonly OutcomeRecord[],
): Promise<PostOwners> {
  const postOf = ({ work, report }: Pick<OutcomeRecord, 'work' | 'report'>): PlatformPost | null => {
    const platformPostId = postIn(report);
    return platformPostId === null ? null : { ...platformAccountOf(deps, work), platformPostId };
  };
  const wanted = records.flatMap((record) => postOf(record) ?? []);
  const owners = await decideOwners(tx, wanted);
  return {
    receive(record, quietMs) {
      const { work, report } = record;
      const post = postOf(record);
      if (post === null) return { report, isTaken: false };
      const key = keyOf(post);
      const owner = owners.get(key) ?? work.publicationId;
      owners.set(key, owner);
      return owner === work.publicationId
        ? { report, isTaken: false }
        : { report: withoutPost(report, quietMs), isTaken: true };
    },
  };
}

/** The account as its platform names it, for `PlatformPost`. */
export function platformAccountOf(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  { platform, account }: Pick<PublicationWork, 'platform' | 'account'>,
): Omit<PlatformPost, 'platformPostId'> {
  const service = adapters[platform].externalIdScope === 'server' ? (account.service ?? '') : null;
  return { platform, service, externalId: account.externalId };
}

/**
 * Decides these posts' owners in this transaction alone, across organizations: whoever comes to one of them now waits for its end, and
 * then sees it. Taken after the publications' own locks.
 * @returns the publications that have them, by `keyOf`
 */
async function decideOwners(tx: Transaction, posts: readonly PlatformPost[]): Promise<Map<string, string>> {
  if (posts.length === 0) return new Map();
  // Sent together, carried out one after the other: the second sees what was committed while the first one waited.
  const [, owners] = await Promise.all([lockPosts(tx, posts), readOwners(tx, posts)]);
  return owners;
}

async function lockPosts(tx: Transaction, posts: readonly PlatformPost[]): Promise<void> {
  await tx.execute(sql`
    select pg_advisory_xact_lock(k.lock) from (
      select distinct hashtextextended(key, 0) as lock from unnest(${sql.param(posts.map(keyOf))}::text[]) as w(key) order by lock) k`);
}

async function readOwners(tx: Transaction, posts: readonly PlatformPost[]): Promise<Map<string, string>> {
  const wanted = JSON.stringify(posts.map((post) => ({ ...post, key: keyOf(post) })));
  const rows = await queryRows(tx, { key: column.text, id: column.text })`
    select w.key, p.id from jsonb_to_recordset(${wanted}::jsonb)
      as w(key text, platform text, service text, "externalId" text, "platformPostId" text)
    join accounts a on a.external_id = w."externalId" and a.platform = w.platform and (w.service is null or a.service = w.service)
    join publications p on p.account_id = a.id and p.platform_post_id = w."platformPostId" and p.platform_post_id is not null
    union
    select w.key, p.id from jsonb_to_recordset(${wanted}::jsonb)
      as w(key text, platform text, service text, "externalId" text, "platformPostId" text)
    join accounts a on a.external_id = w."externalId" and a.platform = w.platform and (w.service is null or a.service = w.service)
    join publications p on p.account_id = a.id and p.parts is not null and p.parts @> jsonb_build_array(jsonb_build_object('platformPostId', w."platformPostId"))`;
  return new Map(rows.map(({ key, id }) => [key, id]));
}

/**
 * The publication that the post belongs to already, of whichever organization; null where it is free, and then nobody else takes it until
 * `tx` ends.
 */
export async function findPostOwner(
  deps: Pick<CoreDependencies, 'db'>,
  tx: Transaction,
  post: PlatformPost,
): Promise<string | null> {
  await lockPosts(tx, [post]);
  // A tenant's transaction sees its own organization only.
  const owners = await deps.db.asWorker((worker) => readOwners(worker, [post]));
  return owners.get(keyOf(post)) ?? null;
}

function keyOf({ platform, service, externalId, platformPostId }: PlatformPost): string {
  return JSON.stringify([platform, service, externalId, platformPostId]);
}

function postIn(report: Report): string | null {
  if (report.kind === 'finding') return report.finding.kind === 'found' ? report.finding.platformPostId : null;
  return report.outcome.kind === 'published' ? report.outcome.platformPostId : null;
}

function withoutPost(report: Report, quietMs: number): Report {
  const detail = postTaken.message;
  if (report.kind === 'finding') {
    return { kind: 'finding', finding: { kind: 'no_answer', detail, retryAfterMs: null, needsReconnect: false } };
  }
  return { kind: 'outcome', outcome: { kind: 'unknown', fault: postTaken, quietMs } };
}
