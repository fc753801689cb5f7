import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { ClaimContext } from './claim-context.ts';
import type { LimitFact } from './decide-gate.ts';

/** The window that application limits are counted over. */
export const appWindowMs = 24 * 3_600_000;

/** How long to wait for claims that hold the last places to begin their sends, ms. */
const beginPatienceMs = 5_000;

export interface AppLimit {
  /** Whether the service's application on the platform has a place, by what was sent and is about to be, and by what the platform said. */
  limitOf(context: ClaimContext): Promise<LimitFact>;
  /** Counts a claim of this batch. */
  take(context: ClaimContext): void;
  /** Writes down what was given away. */
  save(): Promise<void>;
}

interface App {
  readonly postsMax: number;
  placesLeft: number;
  lastSlotAtMs: number | null;
}

const free: LimitFact = { fullUntilMs: null, detail: '' };

/**
 * The limit of posts a day and application, counted from the attempts that were really begun. Where such a limit is set, claims that
 * want a place lock the application's row, so that two publishers cannot both take the last one; it is locked after accounts and
 * publications, in the order of the platforms' names, and by nobody who locks those afterwards. The count is kept: until its places are
 * given away sends only leave the window, so claims that stay within them need no new one.
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
      if (app === undefined || app.placesLeft > 0) return free;
      const detail = `The application's limit of ${app.postsMax} posts a day is used up.`;
      const freeMs = await firstFreeAtMs(tx, row.platform, app.postsMax);
      if (freeMs === null) return { fullUntilMs: row.nowMs + beginPatienceMs, detail };
      const lastMs = app.lastSlotAtMs ?? -Infinity;
      app.lastSlotAtMs = Math.max(freeMs, row.nowMs + 1_000, lastMs + appWindowMs / app.postsMax);
      return { fullUntilMs: app.lastSlotAtMs, detail };
    },
    take(context) {
      const app = appOf(context);
      if (app !== undefined) app.placesLeft -= 1;
    },
    async save() {
      for (const [platform, { postsMax, placesLeft, lastSlotAtMs }] of apps) {
        await tx.execute(sql`
          update app_limits set posts_max = ${postsMax}, places_left = ${placesLeft}, last_permit_at = to_timestamp(${lastSlotAtMs}::float8 / 1000)
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
  if (stored.postsMax === postsMax && stored.placesLeft >= wanted) return { ...stored };
  const placesLeft = Math.max(0, postsMax - (await countUsed(tx, platform)));
  return { postsMax, placesLeft, lastSlotAtMs: placesLeft > 0 ? null : stored.lastSlotAtMs };
}

async function lockApp(tx: Transaction, platform: PlatformId): Promise<App | undefined> {
  const { rows } = await tx.execute<App & Record<string, unknown>>(sql`
    select posts_max as "postsMax", places_left as "placesLeft", floor(extract(epoch from last_permit_at) * 1000)::float8 as "lastSlotAtMs"
    from app_limits where platform = ${platform} for update`);
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
  const { rows } = await tx.execute<{ used: number }>(sql`
    select (
      (select count(*) from attempts where platform = ${platform} and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond')
      + (select count(*) from publications where platform = ${platform} and lease_until is not null and intent_at is null)
    )::int as used`);
  return rows[0]?.used ?? 0;
}

/** When the send that holds the oldest of the places leaves the window; null while places are held by claims whose send is yet to begin. */
async function firstFreeAtMs(tx: Transaction, platform: PlatformId, postsMax: number): Promise<number | null> {
  const { rows } = await tx.execute<{ atMs: number }>(sql`
    select floor(extract(epoch from started_at) * 1000)::float8 + ${appWindowMs} as "atMs" from attempts
    where platform = ${platform} and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond'
    order by started_at desc offset ${postsMax - 1} limit 1`);
  return rows[0]?.atMs ?? null;
}
