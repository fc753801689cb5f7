import { accessOf } from '@vibetribe/platforms/connect/account-access';
import type { LateFence } from '@vibetribe/platforms/http/create-platform-http';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PlatformHttp } from '@vibetribe/platforms/port/platform-http';
import type { AccountAccess } from '@vibetribe/platforms/port/account';
import { markAccountGone } from '../../accounts/grants/mark-account-gone.ts';
import { markGrantDead } from '../../accounts/grants/mark-grant-dead.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PlatformHealth } from '../platform-health.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { readToken, replaceToken } from '../send/read-token.ts';
import { beginChange, recordPart } from './begin-change.ts';
import type { ChangeWork } from './change-work.ts';
import { claimChange } from './claim-change.ts';
import { outcomeOfFault, waitForToken } from './outcome-of-fault.ts';
import { type ChangeOutcome, recordChange } from './record-change.ts';

export interface ChangeRunner {
  readonly settings: PublishSettings;
  /** Names this process on the leases it takes. */
  readonly owner: string;
  readonly health: PlatformHealth;
  readonly random: () => number;
}

/** A request has to end before the lease does: this share of the lease stays free behind it. */
const leaseMarginShare = 0.1;

/** Looks at one change: claims it if it is due and free, and carries it to its next outcome. Rejects only when the database is away. */
export async function runChange(deps: CoreDependencies, runner: ChangeRunner, changeId: string): Promise<void> {
  const work = await claimChange(deps, runner.settings, runner.owner, changeId);
  if (work === null) return;
  await deps.failpoints.reach('change:after_claim');
  const claimedAtMonotonicMs = deps.clock.monotonicMs();
  const progress: Progress = {
    removed: work.change.partsRemoved,
    isInDoubt: work.change.intentAtMs !== null,
    nowMs: () => work.claimedAtMs + Math.round(deps.clock.monotonicMs() - claimedAtMonotonicMs),
  };
  const outcome = await carryOut(deps, runner, work, progress);
  const { platform, publicationId, accountId, organizationId, change } = work;
  deps.logger.info(
    { platform, publicationId, accountId, organizationId, change: change.kind, outcome: outcome.kind },
    'a run of a change to a published post ended',
  );
  await recordChange(deps, work, outcome);
}

interface Progress {
  removed: number;
  /** A request for the part that is next was begun in an earlier run, and nothing answered it. */
  isInDoubt: boolean;
  /** By the database's clock. */
  readonly nowMs: () => number;
}

/** A token that is refused is replaced once, and the platform asked again at once. */
async function carryOut(
  deps: CoreDependencies,
  runner: ChangeRunner,
  work: ChangeWork,
  progress: Progress,
): Promise<ChangeOutcome> {
  try {
    let token = await readToken(deps, work);
    for (let isReplaced = false; ; isReplaced = true) {
      if (token.kind !== 'valid') return waitForToken(progress.nowMs(), token, !progress.isInDoubt);
      const access = accessOf(token.credentials, work.account);
      try {
        return await attempt(deps, runner, work, progress, access);
      } catch (error) {
        if (isReplaced || !(error instanceof PlatformError && error.kind === 'auth_expired')) throw error;
        token = await replaceToken(deps, work, access.accessToken);
      }
    }
  } catch (error) {
    return afterFault(deps, runner, work, progress, error);
  }
}

async function attempt(
  deps: CoreDependencies,
  runner: ChangeRunner,
  work: ChangeWork,
  progress: Progress,
  access: AccountAccess,
): Promise<ChangeOutcome> {
  const adapter = deps.adapters[work.platform];
  const head = { ...access, endpoints: deps.endpoints(work.platform), account: work.account };
  const lastIndex = work.change.kind === 'edit' ? 0 : work.parts.length - 1 - progress.removed;
  // The last part first: an answer never stands without what it answers.
  for (let index = lastIndex; index >= 0; index -= 1) {
    const post = work.parts[index];
    if (post === undefined) break;
    const lateFence = fenceFromNow(deps, runner.settings);
    const held = await beginChange(deps, runner.settings, work);
    if (held !== null) return held;
    const call = { ...head, post, http: httpFor(deps, runner, work, lateFence) };
    const answer =
      work.change.kind === 'remove'
        ? await adapter.remove?.(call)
        : await adapter.edit?.({ ...call, content: work.content }).then(() => 'edited' as const);
    await deps.failpoints.reach('change:after_answer');
    if (answer === undefined) return { kind: 'failed', detail: `${adapter.displayName} has no way to do it` };
    if (index === 0) return { kind: 'done', alreadyGone: answer === 'already_gone' && !progress.isInDoubt };
    const lost = await recordPart(deps, runner.settings, work, index);
    if (lost !== null) return lost;
    progress.removed += 1;
    progress.isInDoubt = false;
  }
  return { kind: 'done', alreadyGone: false };
}

async function afterFault(
  deps: CoreDependencies,
  { settings, random }: ChangeRunner,
  work: ChangeWork,
  { isInDoubt, nowMs }: Progress,
  error: unknown,
): Promise<ChangeOutcome> {
  const tell = (message: string) => (err: unknown) =>
    deps.logger.error({ err, publicationId: work.publicationId }, message);
  if (!(error instanceof PlatformError)) tell('changing a published post failed unexpectedly')(error);
  else if (error.accountGone !== null)
    await markAccountGone(deps, { ...work, grantId: work.grant.id }, error.accountGone).catch(
      tell('that an account is gone could not be noted'),
    );
  else if (error.kind === 'auth_revoked')
    await markGrantDead(deps, work.grant, deps.adapters[work.platform].displayName).catch(
      tell('a dead grant could not be marked'),
    );
  return outcomeOfFault(deps, settings, work, error, { nowMs: nowMs(), isInDoubt, jitter: random() });
}

function httpFor(
  deps: CoreDependencies,
  { settings, health }: ChangeRunner,
  { platform, breakerKey }: ChangeWork,
  lateFence: LateFence,
): PlatformHttp {
  return deps.platformHttp(platform, {
    timeoutMs: settings.publishTimeoutMs,
    lateFence,
    onCall: (call) => health.report({ platform, breakerKey }, call),
  });
}

/** Counted from before the intent is written, so that it can only be stricter than the lease in the database. */
function fenceFromNow({ clock, failpoints }: CoreDependencies, settings: PublishSettings): LateFence {
  const budgetMs = failpoints.has('late_fence')
    ? Math.max(0, settings.claimLeaseMs * (1 - leaseMarginShare) - settings.publishTimeoutMs)
    : Number.MAX_SAFE_INTEGER;
  return {
    sendBeforeMonotonicMs: clock.monotonicMs() + budgetMs,
    sendBeforeWallMs: clock.now().getTime() + budgetMs,
  };
}
