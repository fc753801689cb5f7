import type { Misfire } from '@vibetribe/contracts/post';
import type { MisfirePolicy } from '@vibetribe/contracts/publication-status';
import { endSentence } from '../state/end-sentence.ts';
import { isoTime } from '../state/iso-time.ts';
import type { Gate } from '../state/publication-input.ts';

/** What stands between a due publication and its send, read under the row's lock. */
export interface GateFacts {
  readonly nowMs: number;
  readonly pausedBecause: string | null;
  readonly accountUsable: boolean;
  /** Its account was disconnected while it was under way. */
  readonly calledOff: boolean;
  readonly lateness: {
    readonly scheduledAtMs: number | null;
    /**
     * `never`: something of it is visible, or may be. `by_its_bound`: its own limit or its retries held it, so that only a bound that its
     * author has set counts. `always`: nothing could send it.
     */
    readonly counts: 'always' | 'by_its_bound' | 'never';
    readonly misfire: Misfire | null;
  };
  /** The account's, or the application's where the account has a permit. */
  readonly limit: LimitFact;
}

/** One limit of posts. `fullUntilMs`: null while it has a permit, else when this publication is to look again. */
export interface LimitFact {
  readonly fullUntilMs: number | null;
  readonly detail: string;
}

/** Misfire policy of a post that names none: late by up to a day it still goes out, after that a person is asked. */
export const defaultMisfire = { policy: 'late', maxLateSeconds: 86_400 } as const satisfies Misfire;

/** Less than this is not an outage, just a busy second. */
const punctualWithinMs = 60_000;

export function isLate(scheduledAtMs: number | null, nowMs: number): boolean {
  return scheduledAtMs !== null && nowMs - scheduledAtMs > punctualWithinMs;
}

/** May this publication be sent now, as far as pauses, token, lateness and limits go? Checked in the order in which a person would want to be told. */
export function decideGate(facts: GateFacts): Gate {
  if (facts.calledOff)
    return { kind: 'skip', because: 'disconnected', detail: 'Its account was disconnected; it will not appear.' };
  if (facts.pausedBecause !== null) {
    return { kind: 'wait', reason: 'paused', untilMs: null, detail: pausedDetail(facts.pausedBecause) };
  }
  if (!facts.accountUsable) {
    return {
      kind: 'wait',
      reason: 'token',
      untilMs: null,
      detail: 'The account must be connected again; then it goes out.',
    };
  }
  return misfireGate(facts) ?? limitGate(facts) ?? { kind: 'go' };
}

/** How long it waits for its account is its misfire policy's business: then it is skipped, or a person is asked. */
export function boundWait(gate: Gate, facts: Pick<GateFacts, 'lateness' | 'nowMs'>): Gate {
  if (gate.kind !== 'wait' || gate.reason !== 'token') return gate;
  const endsAtMs = misfireAtMs(facts.lateness);
  return misfireGate(facts) ?? { ...gate, untilMs: endsAtMs === null ? null : endsAtMs + 1 };
}

export function pausedDetail(reason: string): string {
  return endSentence(`Stopped: ${reason}`);
}

/** So late a post may be where its author has set no bound, seconds. */
const maxLateSecondsDefault: Record<MisfirePolicy, number> = {
  late: defaultMisfire.maxLateSeconds,
  spread: defaultMisfire.maxLateSeconds,
  skip: punctualWithinMs / 1000,
  ask: punctualWithinMs / 1000,
};

function misfireGate({ lateness, nowMs }: Pick<GateFacts, 'lateness' | 'nowMs'>): Gate | null {
  const boundMs = misfireAtMs(lateness);
  if (boundMs === null || lateness.scheduledAtMs === null || nowMs <= boundMs) return null;
  const detail = `It is ${lateBy(nowMs - lateness.scheduledAtMs)} late (due ${isoTime(lateness.scheduledAtMs)})`;
  if ((lateness.misfire ?? defaultMisfire).policy === 'skip')
    return { kind: 'skip', because: 'misfire', detail: `${detail}; its policy is to skip it then.` };
  return { kind: 'wait', reason: 'decision', untilMs: null, detail: `${detail}; publish it or skip it?` };
}

/** Until when it may be late; null: for ever. */
function misfireAtMs({ scheduledAtMs, counts, misfire }: GateFacts['lateness']): number | null {
  if (scheduledAtMs === null || counts === 'never') return null;
  if (counts === 'by_its_bound' && misfire?.maxLateSeconds === undefined) return null;
  const { policy, maxLateSeconds } = misfire ?? defaultMisfire;
  return scheduledAtMs + (maxLateSeconds ?? maxLateSecondsDefault[policy]) * 1000;
}

function lateBy(ms: number): string {
  if (ms < 2 * punctualWithinMs) return `${Math.floor(ms / 1000)} seconds`;
  return `${Math.floor(ms / 60_000)} minutes`;
}

function limitGate({ limit: { fullUntilMs, detail } }: GateFacts): Gate | null {
  return fullUntilMs === null ? null : { kind: 'wait', reason: 'rate_limit', untilMs: fullUntilMs, detail };
}
