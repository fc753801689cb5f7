import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { type ClaimContext, readClaimContext } from './claim-context.ts';
import { type AppLimit, createAppLimit } from './app-limit.ts';
import { appProbeGateFor, isAppInDoubt } from './app-probe.ts';
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
import { type AccountLine, readAccountLines, type Ticket } from './account-lines.ts';
import { createAccountLimit, type AccountLimit } from './account-limit.ts';
import { transition } from '../state/reducer.ts';
import type { Moved, RefusalReason, Transition } from '../state/transition.ts';
import { writeTransitions } from '../store/write-transitions.ts';

export type ClaimResult =
  /** `isFollowed`: others of its account wait for it to be sent. */
  | { readonly kind: 'claimed'; readonly work: PublicationWork; readonly isFollowed: boolean }
  /** It was due, but has to wait; when it is looked at next is on its row. */
  | { readonly kind: 'waiting'; readonly isFollowed: boolean }
  /**
   * A duplicate or outdated job: nothing to do. `held`: it goes after another one of its account. `dueInMs` where it is merely early, by
   * the database's clock, or the next of those that are held.
   */
  | { readonly kind: 'refused'; readonly reason: RefusalReason | 'unknown' | 'held'; readonly dueInMs?: number };

type ClaimDependencies = Pick<
  CoreDependencies,
  'db' | 'postsPerHour' | 'appPostsPerDay' | 'adapters' | 'failpoints' | 'clock'
>;

/** How soon the next of a line looks again for itself, should nobody let it go, ms. */
const heldLookMs = 300;

/**
 * Takes publications for this publisher, for each line of an account the one whose turn it is: lease and higher fence, in one transaction for the whole batch. The database's clock decides
 * what is due, and the gates (pause, token, lateness, breaker, limit) are read under the locks of the rows they concern.
 * @param checkHistory may refuse the transaction's connection before anything is claimed
 */
export async function claimPublications(
  deps: ClaimDependencies,
  settings: PublishSettings,
  owner: string,
  tickets: readonly Ticket[],
  checkHistory: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<ClaimResult[]> {
  const results = await deps.db.asKeyedWorker(async (tx) => {
    await checkHistory(tx);
    const [, { lines, alone }] = await Promise.all([lockAccounts(tx, tickets), readAccountLines(tx, tickets)]);
    const chosen = lines.map((line) => ({ line, ids: choose(line, tickets, deps) }));
    const ids = [...alone, ...chosen.flatMap((each) => each.ids)];
    const [, read, steps] = await Promise.all([lockRows(tx, ids), readClaimContext(tx, ids), readSteps(tx, ids)]);
    const contexts = read.map((context) => withClock(deps, context));
    const byId = new Map(contexts.map((context) => [context.row.id, context]));
    const contextsOf = (some: readonly string[]) => some.flatMap((id) => byId.get(id) ?? []);
    const rates = await createAccountLimit(tx, deps.postsPerHour, contexts);
    const apps = await createAppLimit(tx, deps.appPostsPerDay, contexts);
    const bursts = createBurstGuard(tx, settings.burstGuard);
    const gates = { rates, apps, bursts };
    const claims: Claim[] = [];
    const inLine: { line: AccountLine; claims: readonly Claim[] }[] = [];
    // The oldest first: who comes first may be the breaker's probe.
    const turns = [...alone.map((id) => ({ line: null, ids: [id] })), ...chosen];
    for (const { line, ids: own } of turns.toSorted(byFirstId)) {
      if (line === null)
        for (const context of contextsOf(own)) claims.push(await claimOne(tx, deps, settings, context, gates));
      else
        inLine.push({ line, claims: await claimLine(tx, deps, settings, { line, contexts: contextsOf(own) }, gates) });
    }
    await apps.save();
    const moves = [...claims, ...inLine.flatMap((each) => each.claims)].flatMap(({ context, taken }) =>
      taken.kind === 'moved' ? [{ row: context.row, transition: taken, leaseOwner: owner }] : [],
    );
    await writeTransitions(tx, moves);
    const [first] = contexts;
    if (first !== undefined) await notePresence(tx, first, first.row.nowMs);
    if (moves.length > 0) await deps.failpoints.reach('claim:before_commit');
    const resultOf = ({ context, taken }: Claim, isFollowed = false): ClaimResult => {
      if (taken.kind === 'refused') return refusalOf(context, taken.reason);
      if (!isLeased(taken)) return { kind: 'waiting', isFollowed };
      return { kind: 'claimed', work: workOf(deps, context, taken, steps.get(context.row.id) ?? []), isFollowed };
    };
    return new Map([
      ...claims.map((claim): [string, ClaimResult] => [claim.context.row.id, resultOf(claim)]),
      ...inLine.flatMap((each) => lineResults(each, resultOf)),
    ]);
  });
  // A duplicate job, left by a publisher that died, claims nothing.
  if ([...results.values()].some(({ kind }) => kind === 'claimed')) await deps.failpoints.reach('claim:after_commit');
  return tickets.map(({ publicationId }) => results.get(publicationId) ?? { kind: 'refused', reason: 'unknown' });
}

function byFirstId(one: { ids: readonly string[] }, other: { ids: readonly string[] }): number {
  return (one.ids[0] ?? '') < (other.ids[0] ?? '') ? -1 : 1;
}

interface Claim {
  readonly context: ClaimContext;
  readonly taken: Transition;
}

/** Whom to look at: nobody while one of the line is being sent, but those who are to be told that they wait. */
function choose(
  { isBusy, isLimited, heads, tickets: own }: AccountLine,
  tickets: readonly Ticket[],
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
): readonly string[] {
  const ids = new Set(own.map(({ publicationId }) => publicationId));
  if (!failpoints.has('account_line')) return [...ids];
  if (isBusy && !isLimited) return [];
  const picks = tickets.flatMap(({ publicationId, picks: some }) => (ids.has(publicationId) ? [some] : []));
  const count = isLimited ? picks.reduce((sum, some) => sum + some, 0) : Math.max(...picks);
  return heads.slice(0, count).map(({ id }) => id);
}

/** In the order of the line: until one goes, or has to wait for the others' sake. */
async function claimLine(
  tx: Transaction,
  deps: ClaimDependencies,
  settings: PublishSettings,
  { line, contexts }: { line: AccountLine; contexts: readonly ClaimContext[] },
  gates: Gates,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  let { isBusy } = line;
  let isHeldBack = false;
  for (const context of contexts) {
    const mustWait = isBusy && deps.failpoints.has('account_line');
    if (mustWait && !line.isLimited) break;
    if (isEarly(context) && (mustWait || isHeldBack)) continue;
    const claim = await claimOne(tx, deps, settings, context, gates, mustWait ? 'behind' : 'first');
    claims.push(claim);
    isBusy ||= isLeased(claim.taken);
    // What keeps the first of them back keeps the others back, too.
    isHeldBack ||= !isLeased(claim.taken);
  }
  return claims;
}

function isEarly({ row }: ClaimContext): boolean {
  return row.dueAtMs !== null && row.dueAtMs > row.nowMs;
}

/** A ticket takes whatever its line has to give; the others of the line that have one learn that it is not their turn. */
function lineResults(
  { line, claims }: { readonly line: AccountLine; readonly claims: readonly Claim[] },
  resultOf: (claim: Claim, isFollowed: boolean) => ClaimResult,
): [string, ClaimResult][] {
  const gone = claims.filter(({ taken }) => isLeased(taken));
  const seen = new Set(claims.map(({ context }) => context.row.id));
  const following = line.heads.filter(({ id }) => !seen.has(id));
  const given = gone.map((claim) => resultOf(claim, following.length > 0));
  const isFollowed = following.some(({ isDue }) => isDue);
  const hasMoved = claims.some(({ taken }) => taken.kind === 'moved' && !isLeased(taken));
  return line.tickets.map(({ publicationId, isEnded, isLeased: isHeld }) => {
    const result = given.shift();
    if (result !== undefined) return [publicationId, result];
    if (hasMoved) return [publicationId, { kind: 'waiting', isFollowed }];
    if (isEnded) return [publicationId, { kind: 'refused', reason: 'ended' }];
    if (isHeld) return [publicationId, { kind: 'refused', reason: 'leased' }];
    const isNext = line.isBusy && line.heads[0]?.id === publicationId;
    return [publicationId, { kind: 'refused', reason: 'held', ...(isNext ? { dueInMs: heldLookMs } : {}) }];
  });
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
async function lockAccounts(tx: Transaction, tickets: readonly Ticket[]): Promise<void> {
  const ids = tickets.map(({ publicationId }) => publicationId);
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

interface Gates {
  readonly rates: AccountLimit;
  readonly apps: AppLimit;
  readonly bursts: BurstGuard;
}

/** `behind`: another one of its account goes first. */
type Turn = 'first' | 'behind';

/** It stands in line for its account's limit, and those before it are gone: its time has come early. */
function isPulled(context: ClaimContext): boolean {
  return isEarly(context) && context.row.waitingReason === 'rate_limit' && context.closedUntilMs !== null;
}

function resumed(state: PublicationState, nowMs: number): PublicationState {
  const taken = transition(state, { type: 'resume', reasons: ['rate_limit'] }, nowMs);
  return taken.kind === 'moved' ? taken.state : state;
}

async function claimOne(
  tx: Transaction,
  deps: ClaimDependencies,
  settings: PublishSettings,
  context: ClaimContext,
  { rates, apps, bursts }: Gates,
  turn: Turn = 'first',
): Promise<Claim> {
  const { row } = context;
  const state = turn === 'first' && isPulled(context) ? resumed(stateOf(row), row.nowMs) : stateOf(row);
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
    limits: turn === 'behind' ? [await rates.placeBehind(context)] : await limitsOf(context, rates, apps),
  };
  const gate = boundWait(decideGate(facts), facts);
  const passed = gate.kind === 'go' ? await lastGates(tx, deps, settings, { context, state }, bursts) : gate;
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

/** These give something away, a place in the line and the part of a probe: only to who really goes. */
async function lastGates(
  tx: Transaction,
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
  settings: PublishSettings,
  { context, state }: { context: ClaimContext; state: PublicationState },
  bursts: BurstGuard,
): Promise<Gate> {
  if (hasPiledUp(state, context)) {
    const gate = await bursts.gateFor(context, context.misfire?.policy ?? defaultMisfire.policy);
    if (gate.kind !== 'go') return gate;
  }
  const gate = await breakerGateFor(tx, context, settings.claimLeaseMs);
  if (gate.kind !== 'go' || !failpoints.has('account_line')) return gate;
  return appProbeGateFor(tx, context, settings.claimLeaseMs);
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
    isAppInDoubt: isAppInDoubt(context),
    claimedAtMs: row.nowMs,
  };
}
