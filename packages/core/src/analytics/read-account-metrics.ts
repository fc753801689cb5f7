import { accessOf } from '@vibetribe/platforms/connect/account-access';
import { PlatformError, type PlatformErrorKind } from '@vibetribe/platforms/port/platform-error';
import type { AccountCall } from '@vibetribe/platforms/port/account';
import type { MetricReading, MetricsSupport } from '@vibetribe/platforms/port/metrics';
import { sql } from 'drizzle-orm';
import { getValidToken, type TokenDependencies } from '../accounts/tokens/get-valid-token.ts';
import { markAccountGone } from '../accounts/grants/mark-account-gone.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { RunBudget } from './run-budget.ts';
import { reserveCost } from './metric-costs.ts';
import {
  type Asked,
  closeAccount,
  markGone,
  noteAllowed,
  noteDenied,
  noteTrouble,
  putOffDenied,
} from './note-refusal.ts';
import { accountReadMs, nextPostReadMs } from './read-schedule.ts';
import { storeReadings, type SubjectReading } from './store-readings.ts';
import type { DueAccount, DuePost, DueSubject } from './take-due.ts';

export type MetricsDependencies = TokenDependencies & Pick<CoreDependencies, 'metricsMonthlyUsd'>;

export type ReadOutcome = 'read' | 'changed' | 'gone' | 'denied' | 'limited' | 'failed' | 'unaffordable';

export interface AccountRun {
  readonly budget: RunBudget;
  readonly count: (outcome: ReadOutcome, subjects: number) => void;
  /** Whether another request may be made now: publishing goes first. */
  readonly mayAsk: () => Promise<boolean>;
}

const timeoutMs = 20_000;
/** How long a platform is left alone that limits us without saying for how long. */
const limitedMs = 3_600_000;
/** An account that cannot be used, or may not cost more, is looked at again after a day: it may have been connected again. */
const unusableMs = 24 * 3_600_000;

/** Asks the platform for what is due of one account. Never rejects: what goes wrong is written down, and asked for again by the rows. */
export async function readAccountMetrics(deps: MetricsDependencies, due: DueAccount, run: AccountRun): Promise<void> {
  const metrics = deps.adapters[due.platform].metrics;
  if (metrics === undefined) return;
  try {
    if (!due.isUsable) return await postpone(deps, due, unusableMs);
    // What was taken is due again in an hour.
    if (!due.isPlatformUp) return;
    const token = await getValidToken(deps, due.grantId);
    if (token.kind === 'dead') return await postpone(deps, due, unusableMs);
    if (token.kind !== 'valid') return;
    const call: AccountCall = {
      ...accessOf(token.credentials, due.account),
      endpoints: deps.endpoints(due.platform),
      http: deps.platformHttp(due.platform, {
        timeoutMs: timeoutMs * (1 + Math.ceil(due.posts.length / metrics.postsPerRequest)),
        onCall: (made) => run.budget.spend(due, made),
      }),
      account: due.account,
    };
    if (due.own !== null && metrics.readAccount === undefined) await postponeSubject(deps, due.own, accountReadMs);
    for (const ask of requestsOf(deps, due, metrics, call)) {
      if (!run.budget.isLeft(due) || !(await run.mayAsk())) return;
      const goesOn = await askOnce(deps, due, run, ask);
      if (!goesOn) return;
    }
  } catch (error) {
    deps.logger.error({ err: error, accountId: due.accountId, platform: due.platform }, 'numbers could not be read');
    run.count('failed', due.posts.length + (due.own === null ? 0 : 1));
  }
}

/** One request, or what an adapter makes of it. */
interface Ask {
  readonly asked: Asked;
  readonly subjects: readonly DueSubject[];
  readonly costUsdMax: number;
  read(told: {
    readonly onBilled: (posts: number) => void;
    readonly onDenied: (missing: PlatformError) => void;
  }): Promise<{ readonly found: readonly SubjectReading[]; readonly goneIds: readonly number[] }>;
}

function* requestsOf(
  deps: MetricsDependencies,
  due: DueAccount,
  metrics: MetricsSupport,
  call: AccountCall,
): Generator<Ask> {
  const { own, posts } = due;
  const readAccount = metrics.readAccount?.bind(metrics);
  if (own !== null && readAccount !== undefined)
    yield {
      asked: 'account',
      subjects: [own],
      costUsdMax: metrics.cost?.usdPerAccount ?? 0,
      async read() {
        const readings = await readAccount({ ...call, now: deps.clock.now() });
        return { found: [readingOf(own, readings, {}, () => accountReadMs)], goneIds: [] };
      },
    };
  for (let from = 0; from < posts.length; from += metrics.postsPerRequest) {
    const named = posts.slice(from, from + metrics.postsPerRequest);
    yield {
      asked: 'posts',
      subjects: named,
      costUsdMax: (metrics.cost?.usdPerPost ?? 0) * metrics.postsPerRequest,
      async read(told) {
        const given = await metrics.readPosts({
          ...call,
          posts: named.map(({ part }) => part),
          now: deps.clock.now(),
          ...told,
        });
        const isAnyReached = named.some(({ part }) => (given.get(part.platformPostId)?.length ?? 0) > 0);
        return {
          found: named.flatMap((post) => {
            const readings = given.get(post.part.platformPostId);
            // There was no room for it beside the others: it stays due in an hour, as it was taken.
            const isLeftOver = readings?.length === 0 && isAnyReached;
            return readings === undefined || isLeftOver
              ? []
              : [readingOf(post, readings, aboutOf(post), nextOf(metrics, post))];
          }),
          goneIds: named.flatMap((post) => (given.has(post.part.platformPostId) ? [] : [post.subjectId])),
        };
      },
    };
  }
}

async function askOnce(deps: MetricsDependencies, due: DueAccount, run: AccountRun, ask: Ask): Promise<boolean> {
  const { subjects, asked, costUsdMax } = ask;
  const { usdPerPost = 0 } = deps.adapters[due.platform].metrics?.cost ?? {};
  const reservation = costUsdMax > 0 ? await reserveCost(deps, due, costUsdMax) : null;
  if (costUsdMax > 0 && reservation === null) {
    run.count('unaffordable', subjects.length);
    await postpone(deps, due, unusableMs);
    return false;
  }
  try {
    let billed: number | null = null;
    const missing: PlatformError[] = [];
    const { found, goneIds } = await ask.read({
      onBilled: (posts) => void (billed = (billed ?? 0) + posts),
      onDenied: (error) => void missing.push(error),
    });
    if (billed !== null) await reservation?.bill(Math.min(costUsdMax, billed * usdPerPost));
    const changed = await deps.db.asWorker((tx) => storeReadings(tx, due, found));
    const gone = await settleGone(deps, due, subjects, goneIds);
    const [denied] = missing;
    if (denied === undefined) await noteAllowed(deps, due, asked);
    else await tellDenied(deps, due, asked, denied);
    run.count('read', found.length - changed);
    run.count('changed', changed);
    run.count('gone', gone);
    if (changed > 0) deps.signals.eventsCommitted();
    return true;
  } catch (error) {
    if (error instanceof PlatformError && unbilled.has(error.kind)) await reservation?.bill(0);
    return refused(deps, due, run, ask, error);
  }
}

/** Refusals that come before anything is read; the platform may bill every other failure. */
const unbilled: ReadonlySet<PlatformErrorKind> = new Set([
  'rate_limit',
  'quota',
  'permission',
  'auth_expired',
  'auth_revoked',
]);

/** A post that was never read may not stand in the platform's lists yet: it is asked for once more. */
async function settleGone(
  deps: MetricsDependencies,
  due: DueAccount,
  subjects: readonly DueSubject[],
  goneIds: readonly number[],
): Promise<number> {
  if (goneIds.length === 0) return 0;
  const missing = subjects.filter(({ subjectId }) => goneIds.includes(subjectId));
  const [early, gone] = [missing.filter(isEarly), missing.filter((subject) => !isEarly(subject))];
  await deps.db.asWorker(async (tx) => {
    if (early.length > 0) await noteTrouble(tx, early);
    if (gone.length > 0)
      await markGone(
        tx,
        gone.map(({ subjectId }) => subjectId),
      );
  });
  return gone.length;
}

function isEarly({ isUnread, failures }: DueSubject): boolean {
  return isUnread && failures === 0;
}

/** @returns whether the account may be asked something else */
async function refused(
  deps: MetricsDependencies,
  due: DueAccount,
  run: AccountRun,
  { asked, subjects }: Ask,
  error: unknown,
): Promise<boolean> {
  const { accountId, platform, grantId } = due;
  const isKnown = error instanceof PlatformError;
  deps.logger[isKnown ? 'info' : 'error']({ err: error, accountId, platform, asked }, 'the platform gave no numbers');
  if (isKnown && error.accountGone !== null) await markAccountGone(deps, due, error.accountGone);
  switch (isKnown ? error.kind : 'unavailable') {
    case 'rate_limit':
    case 'quota':
      if (isKnown && error.kind === 'quota') run.budget.close(platform);
      run.count('limited', subjects.length);
      await postpone(deps, due, isKnown ? (error.retryAfterMs ?? limitedMs) : limitedMs, true);
      return false;
    case 'permission': {
      run.count('denied', subjects.length);
      await deps.db.asWorker((tx) => putOffDenied(tx, due, asked));
      if (isKnown) await tellDenied(deps, due, asked, error);
      return asked === 'account';
    }
    case 'auth_expired':
    case 'auth_revoked':
      run.count('failed', subjects.length);
      await deps.db.asWorker((tx) => noteTrouble(tx, subjects));
      // No grant ends here where it cannot be refreshed: what publishing may do is not for reading to decide.
      await getValidToken(deps, grantId, { always: true });
      return false;
    default:
      run.count('failed', subjects.length);
      await deps.db.asWorker((tx) => noteTrouble(tx, subjects));
      return false;
  }
}

/** All of it, or some, is not allowed. */
async function tellDenied(deps: MetricsDependencies, due: DueAccount, asked: Asked, error: PlatformError) {
  const { displayName } = deps.adapters[due.platform];
  if (await deps.db.asWorker((tx) => noteDenied(tx, due, displayName, { asked, error })))
    deps.signals.eventsCommitted();
}

async function postpone(deps: MetricsDependencies, due: DueAccount, waitMs: number, isTold = false): Promise<void> {
  await deps.db.asWorker((tx) => closeAccount(tx, due, { waitMs, isTold }));
}

async function postponeSubject(deps: MetricsDependencies, { subjectId }: DueSubject, waitMs: number): Promise<void> {
  await deps.db.asWorker((tx) =>
    tx.execute(sql`
    update metric_subjects set due_at = statement_timestamp() + ${waitMs} * interval '1 millisecond' where id = ${subjectId}`),
  );
}

function readingOf(
  { subjectId, unchanged }: DueSubject,
  readings: readonly MetricReading[],
  about: SubjectReading['about'],
  nextMs: (unchanged: number) => number | null,
): SubjectReading {
  return { subjectId, readings, about, nextMs: { changed: nextMs(0), unchanged: nextMs(unchanged + 1) } };
}

function aboutOf({ postId, publicationId }: DuePost): SubjectReading['about'] {
  return { postId, publicationId };
}

function nextOf(metrics: MetricsSupport, { ageMs }: DuePost): (unchanged: number) => number | null {
  return (unchanged) => nextPostReadMs(metrics, ageMs, unchanged);
}
