import { accessOf } from '@vibetribe/platforms/connect/account-access';
import type { PublicationError } from '@vibetribe/contracts/post';
import type { MediaItem } from '@vibetribe/platforms/port/content';
import { mediaRulesFor } from '@vibetribe/platforms/content/media-rules-for';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PlatformResponse } from '@vibetribe/platforms/port/platform-http';
import { sql } from 'drizzle-orm';
import { markAccountGone } from '../../accounts/grants/mark-account-gone.ts';
import { markGrantDead } from '../../accounts/grants/mark-grant-dead.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { openApp } from '../claim/app-probe.ts';
import { breakerKeyOf } from '../claim/claim-context.ts';
import { prepareCard } from './prepare-card.ts';
import { decideOutcome, turnDown, withinBounds } from './decide-outcome.ts';
import { manualOptions } from '../record/manual-options.ts';
import { noteExhaustedLimits, type SpentAnswer } from './note-exhausted-limits.ts';
import { prepareMedia, readMediaUrls } from './publication-media.ts';
import { isOut, nextPart } from '../claim/work-part.ts';
import type { Outcome } from '../state/publication-input.ts';
import type { PublicationState } from '../state/publication-state.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { EngineContext } from '../engine-context.ts';
import { quietPeriods } from '../record/quiet-periods.ts';
import { partAdapter } from './part-adapter.ts';
import { OwnTroubleError } from './own-trouble-error.ts';
import { readToken } from './read-token.ts';
import { ClaimLostError, createStepRunner, type StepRunner } from './run-steps.ts';
import { saveStep } from './save-step.ts';
import { afterRefusedToken, waitForToken } from './wait-for-token.ts';

/** The part of a lease that stays free after the latest end of a request. */
const leaseMarginShare = 0.1;

/**
 * Takes one claimed publication through its adapter's steps, part by part, and writes down the fate of each.
 * @returns whether it can be sent again at once
 */
export async function sendPublication(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
): Promise<boolean> {
  try {
    for (let part: PublicationWork | null = work; part !== null;) {
      const { outcome, state } = await sendPart(deps, context, part);
      if (outcome.kind !== 'published') return outcome.kind === 'postponed' && outcome.retryAfterMs === 0;
      part = state === null ? null : nextPart(part, state);
    }
    return false;
  } catch (error) {
    if (error instanceof ClaimLostError) return false;
    throw error;
  }
}

/** @returns its fate, and the state that it led to; null where the claim was lost */
async function sendPart(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
): Promise<{ readonly outcome: Outcome; readonly state: PublicationState | null }> {
  const spent: SpentAnswer[] = [];
  const runner = createRunner(deps, context, work, spent);
  const outcome = withinBounds(await run(deps, context, work, runner), lateByMs(work));
  closeUntold(outcome, spent, deps.clock.now());
  const [, transition] = await Promise.all([
    noteLimits(deps, work, outcome, spent),
    context.record(work, { kind: 'outcome', outcome }, runner.unwritten()),
  ]);
  if (outcome.kind === 'unknown' && transition.kind === 'refused' && transition.reason === 'no_intent')
    await requireIntent(deps, context, work, runner);
  return { outcome, state: transition.kind === 'moved' ? transition.state : null };
}

/** Its claim still holds, and a send that was begun under it is not on disk any more: it would be sent again without a question. */
async function requireIntent(
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
  context: EngineContext,
  work: PublicationWork,
  runner: StepRunner,
): Promise<void> {
  if (runner.intentOpen() && failpoints.has('intent_before_send'))
    await context.historyLost(`that a send of ${work.publicationId} had begun`);
}

async function noteLimits(
  deps: CoreDependencies,
  work: PublicationWork,
  outcome: Outcome,
  spent: readonly SpentAnswer[],
): Promise<void> {
  if (work.isAppInDoubt && outcome.kind === 'published') await openApp(deps, work.platform).catch(() => undefined);
  await noteExhaustedLimits(deps, work, spent);
}

/** A limit that no header tells closes the account all the same, or each of its posts would ask for itself. */
function closeUntold(outcome: Outcome, spent: SpentAnswer[], receivedAt: Date): void {
  if (outcome.kind !== 'wait' || outcome.reason !== 'rate_limit' || spent.length > 0) return;
  if (outcome.retryAfterMs !== null)
    spent.push({ limits: [{ scope: 'account', resetMs: outcome.retryAfterMs }], receivedAt });
}

async function run(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  runner: StepRunner,
): Promise<Outcome> {
  let accessToken: string | null = null;
  try {
    // Never again, whatever became of the content meanwhile.
    if (isOut(work)) throw new OwnTroubleError('All of its parts are out.');
    const { stopwatch } = context;
    const token = await stopwatch.time('token', () => readToken(deps, work));
    if (token.kind !== 'valid') return waitForToken(work, token);
    const access = accessOf(token.credentials, work.account);
    ({ accessToken } = access);
    const media = await stopwatch.time('media', () => prepare(deps, context, work));
    const card = await stopwatch.time('card', () => prepareCard(deps, context, work));
    const fate = await stopwatch.time('platform', () =>
      partAdapter(deps.adapters[work.platform], work.part).publish({
        ...access,
        endpoints: deps.endpoints(work.platform),
        account: work.account,
        content: { ...work.content, media, card },
        replyTo: work.part.replyTo,
        now: deps.clock.now(),
        http: httpFor(deps, context, work),
        step: runner.step,
        hasResult: runner.hasResult,
      }),
    );
    switch (fate.kind) {
      case 'published':
        context.lastPosts.note(work, fate.platformPostId);
        return fate;
      case 'processing':
        return { ...fate, committed: runner.committed() };
      case 'turned_down':
        return turnDown(fate.error, await manualOptionsOf(deps, context, work));
    }
  } catch (error) {
    if (error instanceof ClaimLostError) throw error;
    return fateOf(deps, context, work, runner, { error, accessToken });
  }
}

function lateByMs({ claimedAtMs, state }: PublicationWork): number {
  return claimedAtMs - (state.scheduledAtMs ?? claimedAtMs);
}

/** What is looked up beside, for this or for its people, may fail without changing what became of the send. */
async function fateOf(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  runner: StepRunner,
  { error, accessToken }: { readonly error: unknown; readonly accessToken: string | null },
): Promise<Outcome> {
  const adapter = deps.adapters[work.platform];
  const tell = (message: string) => (err: unknown) =>
    deps.logger.error({ err, publicationId: work.publicationId }, message);
  const decide = (cause: unknown, manual: PublicationError['manual'] = null) =>
    decideOutcome(cause, {
      intentOpen: runner.intentOpen(),
      committed: runner.committed(),
      earlierInDoubt: work.state.inDoubtSinceMs !== null,
      silenceIsUnknown: deps.failpoints.has('silence_is_unknown'),
      quietMs: quietPeriods(deps, work.platform, context.settings).quietMs,
      lateByMs: lateByMs(work),
      manual,
    });
  if (!(error instanceof PlatformError)) {
    tell('publishing failed unexpectedly')(error);
    return decide(error);
  }
  if (error.kind === 'auth_expired' && accessToken !== null) {
    return afterRefusedToken(deps, work, runner, accessToken, error).catch((cause: unknown) => {
      tell('a refused token could not be replaced')(cause);
      return decide(new OwnTroubleError('The token was refused and could not be replaced.', { cause }));
    });
  }
  const learned = await learnRules(deps, work, error).catch(tell('what a refusal taught could not be stored'));
  if (learned === true) {
    const detail = 'The server takes smaller files than others: they are made smaller.';
    return { kind: 'processing', pollAfterMs: 0, detail, committed: runner.committed() };
  }
  if (error.accountGone !== null)
    await markAccountGone(deps, { ...work, grantId: work.grant.id }, error.accountGone).catch(
      tell('that an account is gone could not be noted'),
    );
  else if (error.kind === 'auth_revoked')
    await markGrantDead(deps, work.grant, adapter.displayName).catch(tell('a dead grant could not be marked'));
  return decide(error, await manualOptionsOf(deps, context, work));
}

/** True: the account's server is known better now, and the same may be tried again with what it takes. */
async function learnRules(
  deps: Pick<CoreDependencies, 'db'>,
  work: PublicationWork,
  { learnedRules }: PlatformError,
): Promise<boolean> {
  if (learnedRules === null) return false;
  await deps.db.asWorker((tx) =>
    tx.execute(
      sql`update accounts set server_rules = ${JSON.stringify(learnedRules)}::jsonb where id = ${work.accountId}`,
    ),
  );
  return true;
}

async function manualOptionsOf(deps: CoreDependencies, context: EngineContext, work: PublicationWork) {
  const mediaUrls = await readMediaUrls(deps, context.media, work).catch((error: unknown) => {
    deps.logger.error({ err: error, publicationId: work.publicationId }, 'media could not be looked up');
    return [];
  });
  return manualOptions(deps.adapters[work.platform], work, mediaUrls);
}

/** Names the event and the stored step that tell what was done to the media. */
const mediaStep = 'media';

/** What was done to the media is told once; the lease begins anew, as it may have taken a while. */
async function prepare(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
): Promise<readonly MediaItem[]> {
  const { account, content, platform } = work;
  const rules = mediaRulesFor(deps.adapters[platform], { account, options: content.options });
  const { items, done } = await prepareMedia(deps, context.media, work, rules);
  const isTold = work.steps.some((step) => step.name === mediaStep && step.done);
  if (done.length === 0 || isTold) return items;
  const stored = { name: mediaStep, effect: 'read', key: null, keyed: false, result: done, done: true } as const;
  if (!(await saveStep(deps, context.settings, work, stored, done.join(' ')))) throw new ClaimLostError();
  return items;
}

function createRunner(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  spent: SpentAnswer[],
): StepRunner {
  return createStepRunner(
    {
      clock: deps.clock,
      now: () => deps.clock.now(),
      lastPost: () => context.lastPosts.of(work),
      failpoints: deps.failpoints,
      beginSend: context.beginSend,
      saveStep: (saved, step) => saveStep(deps, context.settings, saved, step),
      httpFor: (lateFence) =>
        httpFor(deps, context, work, lateFence, (answer) => {
          const limits = deps.adapters[work.platform].exhaustedLimits(answer);
          if (limits.length > 0) spent.push({ limits, receivedAt: answer.receivedAt });
        }),
      sendBudgetMs: !deps.failpoints.has('late_fence')
        ? Number.MAX_SAFE_INTEGER
        : Math.max(0, context.settings.claimLeaseMs * (1 - leaseMarginShare) - context.settings.publishTimeoutMs),
    },
    work,
  );
}

function httpFor(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  lateFence: Parameters<Parameters<typeof createStepRunner>[0]['httpFor']>[0] = null,
  onSendAnswer?: (answer: PlatformResponse) => void,
) {
  const beforeBody = lateFence === null ? undefined : () => deps.failpoints.reach('send:body_pull');
  const target = { platform: work.platform, breakerKey: breakerKeyOf(work.platform, work.account.service) };
  return deps.platformHttp(work.platform, {
    timeoutMs: context.settings.publishTimeoutMs,
    onCall: (call) => context.health.report(target, call),
    ...(lateFence === null
      ? {}
      : { lateFence, beforeBody, ...(onSendAnswer === undefined ? {} : { onAnswer: onSendAnswer }) }),
  });
}
