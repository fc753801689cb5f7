import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { sleep } from '@vibetribe/resilience/sleep';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { EventCursor } from '../events/event-cursor.ts';
import { isThere, readNewest } from '../events/newest-event.ts';

/** What a process has seen committed about a publication. */
export interface KnownClaim {
  readonly publicationId: string;
  readonly organizationId: string;
  readonly postId: string;
  readonly fence: number;
}

export interface HistoryGuard extends Disposable {
  remember(claims: readonly KnownClaim[]): void;
  /**
   * In a claim's transaction: whether the database holds what this process has seen in it.
   * @throws HistoryLostError
   */
  check(tx: Transaction): Promise<void>;
  /** The same between claims: an idle publisher sees what the others and the users write, and misses it too. */
  look(): Promise<void>;
  /** Pauses the service where a claim was refused for it, and rejects with the claim's error. */
  onRefused(error: unknown): Promise<never>;
  /** Pauses the service for what this process alone knows to have been committed, and rejects. */
  lost(what: string): Promise<never>;
}

/** The newest claims of all publishers, kept outside the database: see `openClaimMemory` of the queue. */
export interface ClaimMemory {
  read(): Promise<KnownClaim[]>;
  add(claims: readonly KnownClaim[]): void;
  clear(): Promise<void>;
}

/** The database lacks what was committed to it. Nothing was claimed. */
export class HistoryLostError extends Error {
  override readonly name = 'HistoryLostError';
  readonly code = 'history_lost';
  readonly pauseBefore: string | null;

  /** @param pauseBefore what this process had paused the service with, or found it paused with, at the loss before this one */
  constructor(message: string, pauseBefore: string | null) {
    super(message);
    this.pauseBefore = pauseBefore;
  }
}

/** How many of its newest claims a process remembers. */
const knownMax = 1_000;
const recallPatienceMs = 2_000;

const reason =
  'The database has gone back in time: it lacks what a publisher has seen committed. Posts may be out that it does not know of. Compare with the platforms before you lift this pause.';

/**
 * Pauses the service when the database went back in time: a restore under running publishers, or a failover that lost commits. What was
 * sent since then would go out again. Each look is for the newest event that the last one saw, whoever wrote it; one after a new connection
 * is for this process's own claims too. A publisher that was started afterwards looks once, at what is remembered outside the database.
 */
export function createHistoryGuard(
  deps: Pick<CoreDependencies, 'db' | 'logger' | 'signals'>,
  memory: ClaimMemory | null = null,
): HistoryGuard {
  const known = new Map<string, KnownClaim>();
  let newest: EventCursor | null = null;
  let pause: string | null = null;
  /** Rises with whatever asks for a look at the claims; that for which the last one without a loss was made. */
  let asked = 0;
  let answered = 0;
  let recalling: Promise<void> | null = memory === null ? Promise.resolve() : null;
  const onConnect = () => {
    asked += 1;
  };
  deps.db.pool.on('connect', onConnect);

  const remember = (claims: readonly KnownClaim[]) => {
    for (const { publicationId, organizationId, postId, fence } of claims) {
      if ((known.get(publicationId)?.fence ?? 0) > fence) continue;
      known.delete(publicationId);
      known.set(publicationId, { publicationId, organizationId, postId, fence });
    }
    for (const id of known.keys()) {
      if (known.size <= knownMax) break;
      known.delete(id);
    }
  };
  /** Once, before the first claims: what publishers before this one have seen. An answer that comes late counts from then on. */
  const recall = async () => {
    const reading = (memory?.read() ?? Promise.resolve([])).then(
      (claims) => {
        remember(claims);
        asked += 1;
      },
      (error: unknown) => deps.logger.warn({ err: error }, 'what earlier publishers have claimed could not be read'),
    );
    await Promise.race([reading, sleep(recallPatienceMs)]);
  };

  /** A connection that is made during the look counts for the next one, and a look beside it is one of its own. */
  const findLostClaims = async (tx: Transaction): Promise<string[]> => {
    if (answered === asked || known.size === 0) return [];
    const answers = asked;
    const lost = await findLost(tx, [...known.values()]);
    if (lost.length === 0) answered = Math.max(answered, answers);
    return lost;
  };
  const check = async (tx: Transaction) => {
    await (recalling ??= recall());
    const [seen, pauseBefore] = [newest, pause];
    const [claims, isKept, now] = await Promise.all([
      findLostClaims(tx),
      seen === null || isThere(tx, seen),
      readNewest(tx),
    ]);
    if (claims.length > 0)
      throw new HistoryLostError(
        `the database has gone back in time: ${claims.length} claims, ${claims[0]} among them`,
        pauseBefore,
      );
    if (!isKept)
      throw new HistoryLostError(`the database has gone back in time: event ${seen?.id} is gone`, pauseBefore);
    newest = now;
  };
  const refuse = async (error: unknown): Promise<never> => {
    if (error instanceof HistoryLostError) {
      pause = await pauseService(deps, error.pauseBefore);
      known.clear();
      newest = null;
      await memory?.clear();
      deps.logger.error({ err: error }, 'publishing is paused: the database has gone back in time');
      deps.signals.eventsCommitted();
      deps.signals.dispatchSoon();
    }
    throw error;
  };

  return {
    remember(claims) {
      remember(claims);
      memory?.add(claims);
    },
    check,
    look: () => deps.db.asKeyedWorker(check).catch((error: unknown) => refuse(error)),
    onRefused: refuse,
    lost: (what) => refuse(new HistoryLostError(`the database has gone back in time: ${what} is gone`, pause)),
    [Symbol.dispose]() {
      deps.db.pool.off('connect', onConnect);
    },
  };
}

/** Publications whose fence is lower than it was, or that are gone with their post: an edit takes out a publication, but nobody a post. */
async function findLost(tx: Transaction, known: readonly KnownClaim[]): Promise<string[]> {
  const rows = await queryRows(tx, { id: column.text })`
      select k.id from jsonb_to_recordset(${JSON.stringify(
        known.map(({ publicationId, ...claim }) => ({ id: publicationId, ...claim })),
      )}::jsonb) as k(id text, "organizationId" text, "postId" text, fence bigint)
      join organizations o on o.id = k."organizationId"
      left join posts po on po.id = k."postId"
      left join publications p on p.id = k.id
      where p.fence < k.fence or po.id is null`;
  return rows.map(({ id }) => id);
}

/**
 * Pauses the service. Publishers that notice together make one pause. That of a loss before is none for this one: whoever has compared
 * since then would lift it, and has not seen what was lost now.
 * @returns the pause's id
 */
async function pauseService(deps: Pick<CoreDependencies, 'db'>, before: string | null): Promise<string | null> {
  return deps.db.asWorker(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('pause of a loss', 0))`);
    await tx.execute(sql`
      insert into pauses (id, organization_id, account_id, reason, created_by)
      select ${newId('pause')}, null, null, ${reason}, 'service'
      where not exists (
        select 1 from pauses where organization_id is null and lifted_at is null and created_by = 'service'
          and id is distinct from ${before}::text)`);
    const [newest] = await queryRows(tx, { id: column.text })`
      select id from pauses where organization_id is null and lifted_at is null and created_by = 'service'
      order by created_at desc, id desc limit 1`;
    return newest?.id ?? null;
  });
}
