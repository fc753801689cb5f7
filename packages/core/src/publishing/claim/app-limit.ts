import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { ClaimContext } from './claim-context.ts';
import type { LimitFact } from './decide-gate.ts';

/** The window that application limits are counted over. */
export const appWindowMs = 24 * 3_600_000;

/** How long a claim waits for others that hold the last permits to begin their sends, ms. */
const beginPatienceMs = 5_000;

export interface AppLimit {
  /** Whether the application has a permit left: by what was sent, by what is about to be sent, and by what the platform said. */
  limitOf(context: ClaimContext): Promise<LimitFact>;
  /** Takes a permit for a claim of this batch. */
  take(context: ClaimContext): void;
  /** Stores the permits that were given out. */
  save(): Promise<void>;
}

const appColumns = { postsMax: column.number, permitsLeft: column.number, lastPermitAtMs: column.numberOrNull };
/** Changed in memory while a batch is claimed. */
type App = { -readonly [Name in keyof RowOf<typeof appColumns>]: RowOf<typeof appColumns>[Name] };

const free: LimitFact = { fullUntilMs: null, detail: '' };

/**
 * The limit of posts a day and application, counted from the attempts that were begun.
 *
 * Claims lock the application's row, so that two publishers cannot both take the last permit. Lock order: accounts, publications,
 * `app_limits` by platform. The number of permits left is stored: sends only leave the window until it is used up, so that most claims
 * need no new count.
 */
export async function createAppLimit(
  tx: Transaction,
  appPostsPerDay: (platform: PlatformId) => number | null,
  contexts: readonly ClaimContext[],
): Promise<AppLimit> {
  const apps = new Map<PlatformId, App>();
  const wanted = countWanted(contexts);
  for (const platform of [...wanted.keys()].toSorted()) {
    const postsMax = appPostsPerDay(platform);
    if (postsMax !== null) apps.set(platform, await openApp(tx, platform, postsMax, wanted.get(platform) ?? 0));
  }
  const appOf = ({ row, credentialSource }: ClaimContext) =>
    credentialSource === 'manual' ? undefined : apps.get(row.platform);
  return {
    async limitOf(context) {
      const { row, appClosedUntilMs, credentialSource } = context;
      if (credentialSource === 'oauth' && appClosedUntilMs !== null && appClosedUntilMs > row.nowMs) {
        return {
          fullUntilMs: appClosedUntilMs,
          detail: 'The platform takes no more posts from this application until then.',
        };
      }
      const app = appOf(context);
      if (app === undefined || app.permitsLeft > 0) return free;
      const detail = `The application's limit of ${app.postsMax} posts a day is used up.`;
      const freeMs = await firstFreeAtMs(tx, row.platform, app.postsMax);
      if (freeMs === null) return { fullUntilMs: row.nowMs + beginPatienceMs, detail };
      const lastMs = app.lastPermitAtMs ?? -Infinity;
      app.lastPermitAtMs = Math.max(freeMs, row.nowMs + 1_000, lastMs + appWindowMs / app.postsMax);
      return { fullUntilMs: app.lastPermitAtMs, detail };
    },
    take(context) {
      const app = appOf(context);
      if (app !== undefined) app.permitsLeft -= 1;
    },
    async save() {
      for (const [platform, { postsMax, permitsLeft, lastPermitAtMs }] of apps) {
        await tx.execute(sql`
          update app_limits set posts_max = ${postsMax}, places_left = ${permitsLeft}, last_permit_at = to_timestamp(${lastPermitAtMs}::float8 / 1000)
          where platform = ${platform}`);
      }
    },
  };
}

/** How many publications of each platform may go out by this batch through the service's application. */
function countWanted(contexts: readonly ClaimContext[]): Map<PlatformId, number> {
  const wanted = new Map<PlatformId, number>();
  for (const { row, credentialSource } of contexts) {
    const mayGo =
      row.dueAtMs !== null && row.dueAtMs <= row.nowMs && row.leaseUntilMs === null && row.intentAtMs === null;
    if (mayGo && credentialSource === 'oauth') wanted.set(row.platform, (wanted.get(row.platform) ?? 0) + 1);
  }
  return wanted;
}

async function openApp(tx: Transaction, platform: PlatformId, postsMax: number, wanted: number): Promise<App> {
  const stored = (await lockApp(tx, platform)) ?? (await addApp(tx, platform));
  if (stored.postsMax === postsMax && stored.permitsLeft >= wanted) return { ...stored };
  const permitsLeft = Math.max(0, postsMax - (await countUsed(tx, platform)));
  return { postsMax, permitsLeft, lastPermitAtMs: permitsLeft > 0 ? null : stored.lastPermitAtMs };
}

async function lockApp(tx: Transaction, platform: PlatformId): Promise<App | undefined> {
  const rows = await queryRows(tx, appColumns)`
    select posts_max as "postsMax", places_left as "permitsLeft", floor(extract(epoch from last_permit_at) * 1000)::float8 as "lastPermitAtMs"
    from app_limits where platform = ${platform} for update`;
  return rows[0];
}

async function addApp(tx: Transaction, platform: PlatformId): Promise<App> {
  await tx.execute(sql`insert into app_limits (platform) values (${platform}) on conflict do nothing`);
  const added = await lockApp(tx, platform);
  if (added === undefined) throw new Error('the application has no row');
  return added;
}

/** A statement of its own, after the lock: it sees every claim that was made under the lock before. */
async function countUsed(tx: Transaction, platform: PlatformId): Promise<number> {
  const rows = await queryRows(tx, { used: column.number })`
    select (
      (select count(*) from attempts where platform = ${platform} and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond')
      + (select count(*) from publications where platform = ${platform} and lease_until is not null and intent_at is null)
    )::int as used`;
  return rows[0]?.used ?? 0;
}

/** When the send that holds the oldest of the permits leaves the window; null while permits are held by claims whose send is yet to begin. */
async function firstFreeAtMs(tx: Transaction, platform: PlatformId, postsMax: number): Promise<number | null> {
  const rows = await queryRows(tx, { atMs: column.number })`
    select floor(extract(epoch from started_at) * 1000)::float8 + ${appWindowMs} as "atMs" from attempts
    where platform = ${platform} and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond'
    order by started_at desc offset ${postsMax - 1} limit 1`;
  return rows[0]?.atMs ?? null;
}
