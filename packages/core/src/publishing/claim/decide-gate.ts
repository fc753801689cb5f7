import type { Misfire } from '@vibetribe/contracts/post';
import { isoTime } from '../state/iso-time.ts';
import type { Gate } from '../state/publication-input.ts';

/** What stands between a due publication and its send, read under the row's lock. */
export interface GateFacts {
  readonly nowMs: number;
  readonly pausedBecause: string | null;
  readonly accountUsable: boolean;
  /** Its account was disconnected while it was under way, and nothing of it is visible. */
  readonly calledOff: boolean;
  readonly lateness: {
    readonly scheduledAtMs: number | null;
    readonly counts: boolean;
    readonly misfire: Misfire | null;
  };
  readonly limits: readonly LimitFact[];
}

/** One limit of posts. `fullUntilMs`: null while it has a place, else when this publication is to look again. */
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
  if (facts.calledOff) return { kind: 'skip', detail: 'Its account was disconnected; it will not appear.' };
  if (facts.pausedBecause !== null) {
    return { kind: 'wait', reason: 'paused', untilMs: null, detail: stoppedDetail(facts.pausedBecause) };
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

export function stoppedDetail(reason: string): string {
  return `Stopped: ${reason}`;
}

function misfireGate({ lateness, nowMs }: GateFacts): Gate | null {
  if (!lateness.counts || lateness.scheduledAtMs === null || !isLate(lateness.scheduledAtMs, nowMs)) return null;
  const lateByMs = nowMs - lateness.scheduledAtMs;
  const misfire = lateness.misfire ?? defaultMisfire;
  const maxLateMs = (misfire.maxLateSeconds ?? defaultMisfire.maxLateSeconds) * 1000;
  const detail = `It is ${Math.round(lateByMs / 60_000)} minutes late (due ${isoTime(lateness.scheduledAtMs)})`;
  const asks = {
    kind: 'wait',
    reason: 'decision',
    untilMs: null,
    detail: `${detail}; publish it or skip it?`,
  } as const;
  switch (misfire.policy) {
    case 'skip':
      return { kind: 'skip', detail: `${detail}; its policy is to skip.` };
    case 'ask':
      return asks;
    case 'late':
    case 'spread':
      return lateByMs > maxLateMs ? asks : null;
  }
}

/** Of several limits without a place, the one that opens last is told. */
function limitGate({ limits }: GateFacts): Gate | null {
  let last: { untilMs: number; detail: string } | null = null;
  for (const { fullUntilMs, detail } of limits) {
    if (fullUntilMs !== null && (last === null || fullUntilMs > last.untilMs)) last = { untilMs: fullUntilMs, detail };
  }
  return last === null ? null : { kind: 'wait', reason: 'rate_limit', ...last };
}
