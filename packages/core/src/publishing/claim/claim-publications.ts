import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { type ClaimContext, readClaimContext } from './claim-context.ts';
import { type AppLimit, createAppLimit } from './app-limit.ts';
import { breakerGateFor } from './breaker-gate.ts';
import { type BurstGuard, createBurstGuard } from './burst-guard.ts';
import { boundWait, decideGate, type GateFacts, defaultMisfire, isLate, type LimitFact } from './decide-gate.ts';
import { backAtMsOf, notePresence, wasLeftAlone } from './presence.ts';
import type { PublicationState } from '../state/publication-state.ts';
import type { Gate } from '../state/publication-input.ts';
import { partContents } from './part-contents.ts';
import { type PublicationWork, type StoredStep, storedStepColumns } from './publication-work.ts';
import { openPart } from './work-part.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { altsFor } from '../../media/media-alts.ts';
import { stateOf } from '../store/publication-row.ts';
import { createAccountLimit, type AccountLimit } from './account-limit.ts';
import { transition } from '../state/reducer.ts';
import type { Moved, RefusalReason, Transition } from '../state/transition.ts';
import { writeTransitions } from '../store/write-transitions.ts';

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly work: PublicationWork }
  /** It was due, but has to wait; when it is looked at next is on its row. */
  | { readonly kind: 'waiting' }
  /** A duplicate or outdated job: nothing to do. `dueInMs` where it is merely early, by the database's clock. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason | 'unknown'; readonly dueInMs?: number };

type ClaimDependencies = Pick<
  CoreDependencies,
  'db' | 'postsPerHour' | 'appPostsPerDay' | 'adapters' | 'failpoints' | 'clock'
>;

/**
 * Takes publications for this publisher: lease and higher fence, in one transaction for the whole batch. The database's clock decides
 * what is due, and the gates (pause, token, lateness, breaker, limit) are read under the locks of the rows they concern.
 * @param checkHistory may refuse the transaction's connection before anything is claimed
 */
export async function claimPublications(
  deps: ClaimDependencies,
  settings: PublishSettings,
  owner: string,
  ids: readonly string[],
  checkHistory: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<ClaimResult[]> {
  const results = await deps.db.asKeyedWorker(async (tx) => {
    await checkHistory(tx);
    const [, , read, steps] = await Promise.all([
      lockAccounts(tx, ids),
      lockRows(tx, ids),
      readClaimContext(tx, ids),
      readSteps(tx, ids),
    ]);
    const contexts = read.map((context) => withClock(deps, context));
    const rates = await createAccountLimit(tx, deps.postsPerHour, contexts);
    const apps = await createAppLimit(tx, deps.appPostsPerDay, contexts);
    const bursts = createBurstGuard(tx, settings.burstGuard);
    const claims = [];
    for (const context of contexts) claims.push(await claimOne(tx, deps, settings, context, { rates, apps, bursts }));
    await apps.save();
    await writeTransitions(
      tx,
      claims.flatMap(({ context, taken }) =>
        taken.kind === 'moved' ? [{ row: context.row, transition: taken, leaseOwner: owner }] : [],
      ),
    );
    const [first] = contexts;
    if (first !== undefined) await notePresence(tx, first, first.row.nowMs);
    await deps.failpoints.reach('claim:before_commit');
    return new Map(
      claims.map(({ context, taken }): [string, ClaimResult] => {
        if (taken.kind === 'refused') return [context.row.id, refusalOf(context, taken.reason)];
        if (!isLeased(taken)) return [context.row.id, { kind: 'waiting' }];
        const work = workOf(deps, context, taken, steps.get(context.row.id) ?? []);
        return [context.row.id, { kind: 'claimed', work }];
      }),
    );
  });
  await deps.failpoints.reach('claim:after_commit');
  return ids.map((id) => results.get(id) ?? { kind: 'refused', reason: 'unknown' });
}

function isLeased(taken: Transition): taken is Moved {
  return taken.kind === 'moved' && taken.state.leaseUntilMs !== null;
}

/** The database's clock decides; only the ablation looks at this machine's. */
function withClock(deps: ClaimDependencies, context: ClaimContext): ClaimContext {
  if (deps.failpoints.has('database_clock')) return context;
  return { ...context, row: { ...context.row, nowMs: deps.clock.now().getTime() } };
}

function refusalOf({ row }: ClaimContext, reason: RefusalReason): ClaimResult {
  if (reason !== 'not_due' || row.dueAtMs === null) return { kind: 'refused', reason };
  return { kind: 'refused', reason, dueInMs: row.dueAtMs - row.nowMs };
}

/** Limits are counted per account: claims of one account wait for each other, so that two publishers cannot both take the last place. */
async function lockAccounts(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.execute(sql`
    select 1 from accounts a
    where a.id in (select p.account_id from publications p where p.id = any(${sql.param(ids)}::text[]))
    order by a.id for no key update`);
}

/** In the order in which every mover locks them. */
async function lockRows(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.execute(
    sql`select 1 from publications p where p.id = any(${sql.param(ids)}::text[]) order by p.id for update of p`,
  );
}

async function claimOne(
  tx: Transaction,
  deps: ClaimDependencies,
  settings: PublishSettings,
  context: ClaimContext,
  { rates, apps, bursts }: { rates: AccountLimit; apps: AppLimit; bursts: BurstGuard },
) {
  const { row } = context;
  const state = stateOf(row);
  const due = state.dueAtMs !== null && state.dueAtMs <= row.nowMs && state.leaseUntilMs === null;
  const reconciling = state.intentAtMs !== null;
  if (!due || reconciling) {
    return {
      context,
      taken: transition(state, { type: 'claim', leaseMs: settings.claimLeaseMs, gate: { kind: 'go' } }, row.nowMs),
    };
  }
  const facts: GateFacts = {
    nowMs: row.nowMs,
    pausedBecause: context.pausedBecause,
    accountUsable: context.accountUsable,
    calledOff: context.accountDisconnected && !state.committed,
    lateness: {
      scheduledAtMs: state.scheduledAtMs,
      counts: latenessCounts(state, context.accountUsable),
      misfire: context.misfire,
    },
    limits: await limitsOf(context, rates, apps),
  };
  const gate = boundWait(decideGate(facts), facts);
  const passed = gate.kind === 'go' ? await lastGates(tx, settings, context, state, bursts) : gate;
  const taken = transition(state, { type: 'claim', leaseMs: settings.claimLeaseMs, gate: passed }, row.nowMs);
  if (passed.kind === 'go' && taken.kind === 'moved') {
    rates.take(context);
    apps.take(context);
  }
  return { context, taken };
}

/** Who waits for the account takes no place in the line for the application. */
async function limitsOf(context: ClaimContext, rates: AccountLimit, apps: AppLimit): Promise<LimitFact[]> {
  const ofAccount = await rates.limitOf(context);
  return ofAccount.fullUntilMs === null ? [ofAccount, await apps.limitOf(context)] : [ofAccount];
}

const heldByOthers: ReadonlySet<WaitingReason> = new Set(['breaker', 'paused', 'token', 'internal']);

/** A post that was held back by its own limit, or is being retried, was looked at in time. */
function latenessCounts(
  { status, attempts, committed, evidence, waiting, parts }: PublicationState,
  accountUsable: boolean,
) {
  if (committed || evidence !== null || parts.length > 0) return 'never';
  if (waiting?.reason === 'internal' || waiting?.reason === 'token' || !accountUsable) return 'always';
  if (attempts > 0) return 'by_its_bound';
  const wasHeld = status === 'scheduled' || (waiting !== null && heldByOthers.has(waiting.reason));
  return wasHeld ? 'always' : 'by_its_bound';
}

/** These two give something away, a place in the line and the part of the breaker's probe: only to who really goes. */
async function lastGates(
  tx: Transaction,
  settings: PublishSettings,
  context: ClaimContext,
  state: PublicationState,
  bursts: BurstGuard,
): Promise<Gate> {
  if (hasPiledUp(state, context)) {
    const gate = await bursts.gateFor(context, context.misfire?.policy ?? defaultMisfire.policy);
    if (gate.kind !== 'go') return gate;
  }
  return breakerGateFor(tx, context, settings.claimLeaseMs);
}

/** Late as the service or the platform was away. A place that the guard has given is kept: it gets no other one when its time has come. */
function hasPiledUp({ attempts, waiting, scheduledAtMs }: PublicationState, context: ClaimContext): boolean {
  const { nowMs } = context.row;
  if (attempts > 0 || !isLate(scheduledAtMs, nowMs)) return false;
  if (waiting !== null) return heldByOthers.has(waiting.reason);
  return wasLeftAlone(scheduledAtMs, backAtMsOf(context, nowMs));
}

async function readSteps(tx: Transaction, ids: readonly string[]): Promise<Map<string, StoredStep[]>> {
  const byPublication = new Map<string, StoredStep[]>();
  const rows = await queryRows(tx, { publicationId: column.text, ...storedStepColumns })`
    select publication_id as "publicationId", name, effect, key, keyed_at is not null as keyed, result, done_at is not null as done
    from publication_steps where publication_id = any(${sql.param(ids)}::text[])`;
  for (const { publicationId, ...stored } of rows) {
    byPublication.set(publicationId, [...(byPublication.get(publicationId) ?? []), stored]);
  }
  return byPublication;
}

function rulesOf({ serverRules }: ClaimContext): Pick<AdapterAccount, 'serverRules'> {
  return serverRules === null || serverRules === undefined ? {} : { serverRules };
}

function workOf(
  { adapters }: Pick<ClaimDependencies, 'adapters'>,
  context: ClaimContext,
  taken: Moved,
  allSteps: readonly StoredStep[],
): PublicationWork {
  const { row, postContent: content, postMediaIds: mediaIds, postThread: thread } = context;
  const parts = partContents(adapters[row.platform], { content, mediaIds, thread }, row.variant);
  return {
    parts,
    ...openPart({ publicationId: row.id, parts, allSteps }, taken.state),
    publicationId: row.id,
    organizationId: row.organizationId,
    postId: row.postId,
    accountId: row.accountId,
    accountDisconnected: context.accountDisconnected,
    platform: row.platform satisfies PlatformId,
    fence: taken.state.fence,
    purpose: taken.state.intentAtMs === null ? 'send' : 'reconcile',
    state: taken.state,
    mediaAlts: altsFor(context.postMediaAlts, row.variant),
    account: {
      externalId: context.externalId,
      handle: context.handle,
      service: context.service === '' ? null : context.service,
      ...rulesOf(context),
    },
    grant: {
      id: context.grantId,
      credentialSource: context.credentialSource,
      refreshFence: context.refreshFence,
      sealedCredentials: context.sealedCredentials,
      expiresAtMs: context.tokenExpiresAtMs,
      refreshedAtMs: context.tokenRefreshedAtMs,
    },
    allSteps,
    claimedAtMs: row.nowMs,
  };
}
