import type { Transaction } from '@vibetribe/db/connect-database';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublishSettings } from '../publish-settings.ts';
import type { Gate } from '../state/publication-input.ts';
import type { PublicationState } from '../state/publication-state.ts';
import { transition } from '../state/reducer.ts';
import type { Moved, Transition } from '../state/transition.ts';
import { stateOf } from '../store/publication-row.ts';
import type { AccountLimit } from './account-limit.ts';
import type { AppLimit } from './app-limit.ts';
import { appProbeGateFor } from './app-probe.ts';
import { breakerGateFor } from './breaker-gate.ts';
import type { BurstGuard } from './burst-guard.ts';
import type { ClaimContext } from './claim-context.ts';
import { boundWait, decideGate, type GateFacts, defaultMisfire, type LimitFact } from './decide-gate.ts';
import { hasPiledUp, latenessCounts } from './decide-lateness.ts';

export interface Claim {
  readonly context: ClaimContext;
  readonly taken: Transition;
}

export interface Gates {
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

export async function claimOne(
  tx: Transaction,
  deps: Pick<CoreDependencies, 'failpoints'>,
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
    calledOff: context.accountDisconnected,
    lateness: {
      scheduledAtMs: state.scheduledAtMs,
      counts: latenessCounts(state, context.accountUsable),
      misfire: context.misfire,
    },
    limit: await (turn === 'behind' ? rates.permitBehind(context) : limitOf(context, rates, apps)),
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

/** Who waits for the account takes no permit of the application. */
async function limitOf(context: ClaimContext, rates: AccountLimit, apps: AppLimit): Promise<LimitFact> {
  const ofAccount = await rates.limitOf(context);
  return ofAccount.fullUntilMs === null ? apps.limitOf(context) : ofAccount;
}

/** These give something away, a turn in the line and the part of a probe: only to who really goes. */
async function lastGates(
  tx: Transaction,
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
  settings: PublishSettings,
  { context, state }: { context: ClaimContext; state: PublicationState },
  bursts: BurstGuard,
): Promise<Gate> {
  if (hasPiledUp(state, context, context.row.nowMs)) {
    const gate = await bursts.gateFor(context, context.misfire?.policy ?? defaultMisfire.policy);
    if (gate.kind !== 'go') return gate;
  }
  const gate = await breakerGateFor(tx, context, settings.claimLeaseMs);
  if (gate.kind !== 'go' || !failpoints.has('account_line')) return gate;
  return appProbeGateFor(tx, context, settings.claimLeaseMs);
}

export function isEarly({ row }: ClaimContext): boolean {
  return row.dueAtMs !== null && row.dueAtMs > row.nowMs;
}

export function isLeased(taken: Transition): taken is Moved {
  return taken.kind === 'moved' && taken.state.leaseUntilMs !== null;
}
