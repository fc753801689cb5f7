import { column, queryRows } from '@vibetribe/db/query-rows';
import { accessOf } from '@vibetribe/platforms/connect/account-access';
import type { AccountAccess } from '@vibetribe/platforms/port/account';
import type { ReconcileFinding } from '@vibetribe/platforms/port/reconcile';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { markAccountGone } from '../../accounts/grants/mark-account-gone.ts';
import { markGrantDead } from '../../accounts/grants/mark-grant-dead.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { breakerKeyOf } from '../claim/claim-context.ts';
import type { Finding } from '../state/publication-input.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { EngineContext } from '../engine-context.ts';
import { platformAccountOf } from '../record/match-posts.ts';
import { somethingOfOurs } from '../send/decide-outcome.ts';
import { partAdapter } from '../send/part-adapter.ts';
import { readToken, replaceToken, type Token } from '../send/read-token.ts';
import { findingOfFault, findingWithoutToken, isAskedLate, noAnswer } from './decide-finding.ts';

/** More of them prove no more. */
const knownSinceMax = 20;

/** Asks the platform what became of a send whose outcome is not on disk. Reads only. */
export async function reconcilePublication(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
): Promise<void> {
  const claimedAtMonotonicMs = deps.clock.monotonicMs();
  const nowByDatabase = () => new Date(work.claimedAtMs + deps.clock.monotonicMs() - claimedAtMonotonicMs);
  const finding = await context.stopwatch.time('platform', () => find(deps, context, work, nowByDatabase));
  await context.record(work, { kind: 'finding', finding });
}

async function find(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  nowByDatabase: () => Date,
): Promise<Finding> {
  const adapter = deps.adapters[work.platform];
  if (adapter.reconciliation.means === 'none') {
    return { kind: 'cannot_tell', evidence: `${adapter.displayName} has no way to look it up.` };
  }
  if (work.accountDisconnected) {
    return {
      kind: 'cannot_tell',
      evidence: `Its account was disconnected, and ${adapter.displayName} can no longer be asked.`,
    };
  }
  try {
    const token = await readToken(deps, work);
    return await askWith(deps, context, work, token, nowByDatabase);
  } catch (error) {
    if (error instanceof PlatformError) return afterFault(deps, work, error);
    deps.logger.error({ err: error, publicationId: work.publicationId }, 'asking a platform failed unexpectedly');
    return noAnswer(`${somethingOfOurs} The platform could not be asked.`, null);
  }
}

/** A token that is refused is replaced once, and the platform asked again at once. */
async function askWith(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  token: Token,
  nowByDatabase: () => Date,
): Promise<Finding> {
  if (token.kind !== 'valid') return findingWithoutToken(token, isAskedLate(work));
  const access = accessOf(token.credentials, work.account);
  try {
    await deps.failpoints.reach('reconcile:before_ask');
    const finding = await ask(deps, context, work, access, nowByDatabase);
    await deps.failpoints.reach('reconcile:after_ask');
    return finding;
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'auth_expired')) throw error;
    const replaced = await replaceToken(deps, work, access.accessToken);
    if (replaced.kind !== 'valid') return findingWithoutToken(replaced, isAskedLate(work));
    return ask(deps, context, work, accessOf(replaced.credentials, work.account), nowByDatabase);
  }
}

/** What the fault means for the account is noted before it becomes a finding. */
async function afterFault(deps: CoreDependencies, work: PublicationWork, error: PlatformError): Promise<Finding> {
  const { displayName } = deps.adapters[work.platform];
  if (error.accountGone !== null) await markAccountGone(deps, { ...work, grantId: work.grant.id }, error.accountGone);
  else if (error.kind === 'auth_revoked') await markGrantDead(deps, work.grant, displayName);
  return findingOfFault(error, displayName, isAskedLate(work));
}

async function ask(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  access: AccountAccess,
  nowByDatabase: () => Date,
): Promise<ReconcileFinding> {
  const open = work.steps.find((step) => step.effect === 'once' && !step.done);
  const startedAtMs = work.state.inDoubtSinceMs ?? work.state.intentAtMs ?? work.claimedAtMs;
  const target = { platform: work.platform, breakerKey: breakerKeyOf(work.platform, work.account.service) };
  const known = await readKnownPosts(deps, work, startedAtMs);
  return partAdapter(deps.adapters[work.platform], work.part).reconcile({
    ...access,
    endpoints: deps.endpoints(work.platform),
    http: deps.platformHttp(work.platform, {
      timeoutMs: context.settings.publishTimeoutMs,
      onCall: (call) => context.health.report(target, call),
    }),
    account: work.account,
    content: work.content,
    replyTo: work.part.replyTo,
    intent: { step: open?.name ?? 'publish', key: open?.key ?? null, startedAt: new Date(startedAtMs) },
    results: Object.fromEntries(work.steps.filter((step) => step.done).map((step) => [step.name, step.result])),
    askedAt: nowByDatabase(),
    takenPostIds: new Set(known.map(({ id }) => id)),
    knownSince: known.flatMap(({ id, isSince }) => (isSince ? [id] : [])).slice(0, knownSinceMax),
  });
}

/**
 * Two equal texts in a row are told apart by what already belongs to another publication, of whichever organization: several may have
 * connected the same account.
 */
async function readKnownPosts(
  deps: Pick<CoreDependencies, 'db' | 'adapters'>,
  work: PublicationWork,
  startedAtMs: number,
): Promise<{ id: string; isSince: boolean }[]> {
  const { platform, service, externalId } = platformAccountOf(deps, work);
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, { id: column.text, isSince: column.boolean })`
      select k.id, k."isSince" from (
        select p.platform_post_id as id, p.published_at >= to_timestamp(${startedAtMs} / 1000.0) as "isSince", p.published_at as at from accounts a
        join publications p on p.account_id = a.id
        where a.platform = ${platform} and (${service}::text is null or a.service = ${service}) and a.external_id = ${externalId} and p.id <> ${work.publicationId} and p.platform_post_id is not null
          and p.published_at > to_timestamp(${startedAtMs} / 1000.0) - interval '1 day'
        union
        select x."platformPostId", x."publishedAtMs" >= ${startedAtMs}, to_timestamp(x."publishedAtMs" / 1000) from accounts a
        join publications p on p.account_id = a.id and p.parts is not null
        cross join lateral jsonb_to_recordset(p.parts) as x("platformPostId" text, "publishedAtMs" float8)
        where a.platform = ${platform} and (${service}::text is null or a.service = ${service}) and a.external_id = ${externalId}
          and x."platformPostId" is not null and x."publishedAtMs" > ${startedAtMs} - 86400000.0
      ) k order by k.at desc`,
  );
  return rows;
}
