import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { z } from 'zod';
import { Misfire, ThreadPart } from '@vibetribe/contracts/post';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { MediaAlts } from '../../media/media-alts.ts';
import { holdsBack } from '../../pauses/pause-row.ts';
import { presenceColumns, presenceShape } from './presence.ts';
import { type PublicationRow, publicationColumns, publicationRowColumns } from '../store/publication-row.ts';

const contextColumns = {
  ...publicationRowColumns,
  ...presenceShape,
  postContent: column.text,
  postMediaIds: z.array(z.string()),
  postMediaAlts: column.json<MediaAlts>(),
  postThread: z.array(ThreadPart).nullable(),
  misfire: Misfire.nullable(),
  externalId: column.text,
  handle: column.text,
  serverRules: column.json<AdapterAccount['serverRules'] | null>(),
  /** '' where the platform is one server. */
  service: column.text,
  accountUsable: column.boolean,
  accountDisconnected: column.boolean,
  grantId: column.text,
  refreshFence: column.number,
  sealedCredentials: column.text,
  tokenExpiresAtMs: column.numberOrNull,
  /** Null where its first token is still the one in use. */
  tokenRefreshedAtMs: column.numberOrNull,
  /** The credentials may belong to another application than the service's. */
  credentialSource: z.enum(['oauth', 'manual']),
  /** Until when the platform itself takes nothing, as its last answers said: of this account, of the service's application. */
  closedUntilMs: column.numberOrNull,
  appClosedUntilMs: column.numberOrNull,
  pausedBecause: column.textOrNull,
  breakerKey: column.text,
  breakerState: z.enum(['closed', 'open', 'half_open']),
  breakerRetryAtMs: column.numberOrNull,
};

/** A locked publication and what decides whether it may go. */
export type ClaimContext = { readonly row: PublicationRow } & Omit<
  RowOf<typeof contextColumns>,
  keyof typeof publicationRowColumns
>;

/** `breakerKeyOf` in SQL, of `publications p` and `accounts a`. */
export const breakerKey = sql.raw(`case when a.service = '' then p.platform else p.platform || '|' || a.service end`);

/** The key of the breaker an account's platform is watched under: the platform, and the server where users bring their own. */
export function breakerKeyOf(platform: string, service: string | null): string {
  return service === null || service === '' ? platform : `${platform}|${service}`;
}

/**
 * Reads the publications and their surroundings. The publications must be locked by an earlier statement: a lock that had to wait would
 * bring the newest publication together with the post as it was before the wait.
 */
export async function readClaimContext(tx: Transaction, ids: readonly string[]): Promise<ClaimContext[]> {
  const rows = await queryRows(tx, contextColumns)`
    select ${publicationColumns}, po.content as "postContent", po.media_ids as "postMediaIds", po.media_alts as "postMediaAlts", po.thread as "postThread", po.misfire, a.external_id as "externalId", a.handle, a.server_rules as "serverRules", a.service,
      a.status = 'active' and g.dead_at is null as "accountUsable", a.status = 'disconnected' as "accountDisconnected", g.id as "grantId", g.refresh_fence::float8 as "refreshFence", g.credentials as "sealedCredentials",
      floor(extract(epoch from g.expires_at) * 1000)::float8 as "tokenExpiresAtMs",
      case when g.refreshed_at > g.created_at then floor(extract(epoch from g.refreshed_at) * 1000)::float8 end as "tokenRefreshedAtMs",
      g.source as "credentialSource", floor(extract(epoch from a.posts_closed_until) * 1000)::float8 as "closedUntilMs",
      floor(extract(epoch from l.closed_until) * 1000)::float8 as "appClosedUntilMs",
      (select s.reason from pauses s where ${holdsBack} limit 1) as "pausedBecause",
      ${presenceColumns}, ${breakerKey} as "breakerKey",
      coalesce(b.state, 'closed') as "breakerState", floor(extract(epoch from b.retry_at) * 1000)::float8 as "breakerRetryAtMs"
    from publications p
    join posts po on po.id = p.post_id
    join accounts a on a.id = p.account_id
    join grants g on g.id = a.grant_id
    left join breakers b on b.key = ${breakerKey}
    left join app_limits l on l.platform = p.platform
    where p.id = any(${sql.param(ids)}::text[])
    order by p.id`;
  return rows.map((row) => ({ ...row, row }));
}
