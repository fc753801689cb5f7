import type { Misfire } from '@vibetribe/contracts/post';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { holdsBack } from '../../pauses/pause-row.ts';
import { type Presence, presenceColumns } from './presence.ts';
import { type PublicationRow, publicationColumns } from '../store/publication-row.ts';

/** A locked publication and what decides whether it may go. */
export interface ClaimContext extends Presence {
  readonly row: PublicationRow;
  readonly postContent: string;
  readonly postMediaIds: readonly string[];
  readonly misfire: Misfire | null;
  readonly externalId: string;
  readonly handle: string;
  readonly serverRules: AdapterAccount['serverRules'] | null;
  /** '' where the platform is one server. */
  readonly service: string;
  readonly accountUsable: boolean;
  readonly accountDisconnected: boolean;
  readonly grantId: string;
  readonly refreshFence: number;
  readonly sealedCredentials: string;
  readonly tokenExpiresAtMs: number | null;
  /** Null where its first token is still the one in use. */
  readonly tokenRefreshedAtMs: number | null;
  /** The credentials may belong to another application than the service's. */
  readonly credentialSource: 'oauth' | 'manual';
  /** Until when the platform itself takes nothing, as its last answers said: of this account, of the service's application. */
  readonly closedUntilMs: number | null;
  readonly appClosedUntilMs: number | null;
  readonly pausedBecause: string | null;
  readonly breakerKey: string;
  readonly breakerState: 'closed' | 'open' | 'half_open';
  readonly breakerRetryAtMs: number | null;
}

type ContextRow = PublicationRow & Omit<ClaimContext, 'row'>;

/** `breakerKeyOf` in SQL, of `publications p` and `accounts a`. */
const breakerKey = sql.raw(`case when a.service = '' then p.platform else p.platform || '|' || a.service end`);

/** The key of the breaker an account's platform is watched under: the platform, and the server where users bring their own. */
export function breakerKeyOf(platform: string, service: string | null): string {
  return service === null || service === '' ? platform : `${platform}|${service}`;
}

/**
 * Reads the publications and their surroundings. The publications must be locked by an earlier statement: a lock that had to wait would
 * bring the newest publication together with the post as it was before the wait.
 */
export async function readClaimContext(tx: Transaction, ids: readonly string[]): Promise<ClaimContext[]> {
  const { rows } = await tx.execute<ContextRow>(sql`
    select ${publicationColumns}, po.content as "postContent", po.media_ids as "postMediaIds", po.misfire, a.external_id as "externalId", a.handle, a.server_rules as "serverRules", a.service,
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
    order by p.id`);
  return rows.map((row) => ({ ...row, row }));
}
