import type { Transaction } from '@vibetribe/db/connect-database';
import { createBatcher } from '@vibetribe/resilience/batcher';
import { sleep } from '@vibetribe/resilience/sleep';
import { sql } from 'drizzle-orm';
import type { CardReader } from '../cards/card-reader.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { EngineContext } from './engine-context.ts';
import { createEarlyJobs } from './dispatch/early-jobs.ts';
import { beginSends, type SendIntent } from './send/begin-sends.ts';
import { readAccountLines, type Ticket } from './claim/account-lines.ts';
import { claimPublications } from './claim/claim-publications.ts';
import { type ClaimMemory, createHistoryGuard } from './history-guard.ts';
import { createPlatformHealth } from './platform-health.ts';
import { type PublishingMedia, readMediaUrls } from './send/publication-media.ts';
import type { PublicationWork } from './claim/publication-work.ts';
import type { PublishSettings } from './publish-settings.ts';
import { createLastPosts } from './send/last-posts.ts';
import { reconcilePublication } from './reconcile/reconcile-publication.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { logRun } from './log-run.ts';
import { sendPublication } from './send/send-publication.ts';
import { mayRetry, recordOutcomes } from './record/record-outcomes.ts';
import type { OutcomeRecord } from './record/outcome-record.ts';
import { movePublications } from './store/decide-and-write.ts';
import type { Transition } from './state/transition.ts';

export interface EngineOptions {
  readonly settings: PublishSettings;
  /** Names this process on the leases it takes. */
  readonly owner: string;
  readonly media: PublishingMedia;
  /** Null or absent: no page is read; cards say what they were given, and their links' hosts. */
  readonly cards?: Pick<CardReader, 'read'> | null;
  /** Null or absent: nothing outlasts the process. */
  readonly memory?: ClaimMemory | null;
  readonly random: () => number;
  readonly onRecorded?: (recorded: { work: PublicationWork; transition: Transition }) => void;
}

export interface PublishingEngine extends AsyncDisposable {
  /** Looks at one publication: claims it if it is due and free, and brings it one fate further. Rejects only when the database is away. */
  publish(publicationId: string): Promise<void>;
  /** Before each turn of the dispatcher: rejects, and pauses the service, where the database went back in time. */
  checkHistory(): Promise<void>;
}

/** A job that came earlier than this before its time (a queue's clock may be fast) is left to the sweeper. */
const earlyMaxMs = 5 * 60_000;
/** How many of a line are looked at together where the first had to wait. */
const picksMax = 20;
const batchMax = 100;
const batchWaitMaxMs = 250;
const recordPauseMs = 1_000;
const recordPatienceMs = 180_000;
/** Of an outcome that PostgreSQL refuses as such. */
const refusedTriesMax = 5;

/** claim -> token -> steps -> outcome; every database write is batched over what this process has in flight. */
export function createPublishingEngine(deps: CoreDependencies, options: EngineOptions): PublishingEngine {
  const { settings } = options;
  const history = createHistoryGuard(deps, options.memory);
  const claims = createBatcher({
    maxSize: batchMax,
    maxWaitMs: batchWaitMaxMs,
    run: (tickets: Ticket[]) =>
      claimDistinct(tickets, async (distinct) => {
        const check = (tx: Transaction) => history.check(tx);
        const results = await claimPublications(deps, settings, options.owner, distinct, check).catch(
          (error: unknown) => history.onRefused(error),
        );
        history.remember(results.flatMap((result) => (result.kind === 'claimed' ? [result.work] : [])));
        return results;
      }),
  });
  const sends = createBatcher({
    maxSize: batchMax,
    maxWaitMs: batchWaitMaxMs,
    run: (batch: SendIntent[]) => inTurns(batch, (turn) => beginSends(deps, settings, turn)),
  });
  const records = createBatcher({
    maxSize: batchMax,
    maxWaitMs: batchWaitMaxMs,
    run: (batch: OutcomeRecord[]) => inTurns(batch, (turn) => recordOutcomes(deps, settings, turn)),
  });

  /** Another one of its batch may be what could not be written: a server's answer that no text of PostgreSQL can hold. */
  const recordAlone = async (record: OutcomeRecord): Promise<Transition> => {
    const [transition] = await recordOutcomes(deps, settings, [record]);
    return transition ?? { kind: 'refused', reason: 'superseded' };
  };

  const health = createPlatformHealth(deps, settings);
  const shared: Omit<EngineContext, 'stopwatch'> = {
    settings,
    health,
    media: options.media,
    cards: options.cards ?? null,
    lastPosts: createLastPosts(deps.clock),
    random: options.random,
    beginSend: (intent) => sends.add(intent),
    historyLost: (what) => history.lost(what),
    async record(work, report, results = []) {
      if (mayRetry(report)) await health.failuresWritten();
      const transition = await persistently(async (attempt) => {
        const mediaUrls = mayNeedPerson(report) ? await readMediaUrls(deps, options.media, work) : [];
        const record = { work, report, results, mediaUrls, jitter: options.random() };
        return attempt === 1 ? records.add(record) : recordAlone(record);
      }, deps);
      deps.signals.eventsCommitted();
      if (transition.kind === 'moved' && transition.state.dueAtMs !== null) deps.signals.dispatchSoon();
      options.onRecorded?.({ work, transition });
      return transition;
    },
  };

  let isClosed = false;
  const early = createEarlyJobs((publicationId) => publish(publicationId), deps.logger);

  const contextOf = (stopwatch: Stopwatch): EngineContext => ({
    ...shared,
    stopwatch,
    async record(work, report, results) {
      const transition = await stopwatch.time('record', () => shared.record(work, report, results));
      logRun(deps.logger, { work, report, transition, durationsMs: stopwatch.durations() });
      return transition;
    },
  });

  const publish = async (publicationId: string): Promise<void> => {
    const endsAtMs = deps.clock.monotonicMs() + settings.lineTurnMs;
    let ticket: Ticket = { publicationId, picks: 1 };
    for (;;) {
      const stopwatch = createStopwatch(deps.clock);
      const claim = ticket;
      const claimed = await stopwatch.time('claim', () => claims.add(claim));
      if (claimed.kind === 'refused') {
        if (claimed.dueInMs !== undefined && claimed.dueInMs <= earlyMaxMs)
          early.wait(ticket.publicationId, claimed.dueInMs);
        return;
      }
      deps.signals.eventsCommitted();
      if (claimed.kind === 'waiting') {
        deps.signals.dispatchSoon();
        if (!claimed.isFollowed) return;
        ticket = { ...ticket, picks: picksMax, isPast: true };
        continue;
      }
      const { work } = claimed;
      const context = contextOf(stopwatch);
      if (work.purpose === 'reconcile') return reconcilePublication(deps, context, work);
      const isSentAgain = await sendPublication(deps, context, work);
      if (!isSentAgain && !claimed.isFollowed) return;
      ticket = { publicationId: work.publicationId, picks: 1, isPast: true };
      if (isClosed || deps.clock.monotonicMs() > endsAtMs) return handOn(deps, ticket);
    }
  };

  return {
    publish,
    checkHistory: () => history.look(),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await early[Symbol.asyncDispose]();
      history[Symbol.dispose]();
    },
  };
}

/**
 * An outcome that cannot be written would have to be found out again from the platform: it is worth some patience. Writing it twice
 * changes nothing. What outlasts the patience is left to the lease's expiry.
 */
async function persistently<Result>(
  write: (attempt: number) => Promise<Result>,
  { logger, clock }: Pick<CoreDependencies, 'logger' | 'clock'>,
): Promise<Result> {
  const givesUpAtMs = clock.monotonicMs() + recordPatienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(attempt);
    } catch (error) {
      const isOver = clock.monotonicMs() > givesUpAtMs || (isRefusedValue(error) && attempt >= refusedTriesMax);
      if (isOver) throw error;
      logger.warn({ err: error, attempt }, 'an outcome could not be written yet');
      await sleep(recordPauseMs);
    }
  }
}

/** A value that PostgreSQL does not take, now or later: SQLSTATE classes 22 and 23. */
function isRefusedValue(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && typeof cause.code === 'string' && /^2[23]...$/.test(cause.code)) return true;
  return false;
}

function mayNeedPerson(report: OutcomeRecord['report']): boolean {
  return report.kind === 'finding' || !['published', 'processing', 'wait', 'postponed'].includes(report.outcome.kind);
}

/** Two jobs for one publication in one batch: the first gets the claim, the other is told that it is leased. */
async function claimDistinct<Result extends { kind: string }>(
  tickets: readonly Ticket[],
  claim: (distinct: readonly Ticket[]) => Promise<Result[]>,
): Promise<(Result | { kind: 'refused'; reason: 'leased'; dueInMs?: never })[]> {
  const distinct = [...new Map(tickets.map((ticket) => [ticket.publicationId, ticket])).values()];
  const results = await claim(distinct);
  const byId = new Map(distinct.map(({ publicationId }, index) => [publicationId, results[index]]));
  return tickets.map(({ publicationId }) => {
    const result = byId.get(publicationId);
    byId.delete(publicationId);
    return result ?? { kind: 'refused', reason: 'leased' };
  });
}

/** Gives whoever is next in the line a job of its own, at once and at whichever publisher. */
async function handOn(deps: CoreDependencies, ticket: Ticket): Promise<void> {
  await deps.db.asKeyedWorker(async (tx) => {
    const { lines } = await readAccountLines(tx, [ticket]);
    const heads = lines.flatMap((line) => line.heads.slice(0, 1).map(({ id }) => id));
    await movePublications(tx, heads, () => ({ type: 'resume', reasons: ['rate_limit'] }));
    await tx.execute(
      sql`update publications set enqueued_until = null where id = any(${sql.param(heads)}::text[]) and lease_until is null`,
    );
  });
  deps.signals.dispatchSoon();
}

/** Two runs of one publication in one batch, of which one has lost its claim: each is decided on what the one before it has written. */
async function inTurns<Item extends { readonly work: Pick<PublicationWork, 'publicationId'> }, Result>(
  batch: readonly Item[],
  write: (turn: readonly Item[]) => Promise<Result[]>,
): Promise<Result[]> {
  const results = new Map<Item, Result>();
  const byPublication = [...Map.groupBy(batch, ({ work }) => work.publicationId).values()];
  for (let turn = 0; results.size < batch.length; turn += 1) {
    const items = byPublication.flatMap((own) => own.slice(turn, turn + 1));
    for (const [index, result] of (await write(items)).entries()) results.set(items[index] as Item, result);
  }
  return batch.map((item) => results.get(item) as Result);
}
