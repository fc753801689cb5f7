import { isDeepStrictEqual } from 'node:util';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import { expect, test } from 'vitest';
import type { Finding, Gate, Outcome, PublicationInput, Resolution, UserInput } from './publication-input.ts';
import { newPublication, type PublicationState } from './publication-state.ts';
import { transition } from './reducer.ts';

export const nowMs = Date.parse('2026-11-27T10:00:00Z');
export const fault = { category: 'network', code: 'cut', message: 'The connection was cut' } as const;
export const rejection = {
  category: 'content',
  code: 'long',
  message: 'Too long',
  retryable: false,
  manual: null,
} as const;
export const manual = { text: 'By hand', mediaUrls: [], composeUrl: null };

export const draft: PublicationState = newPublication;
export const scheduled: PublicationState = {
  ...draft,
  status: 'scheduled',
  scheduledAtMs: nowMs - 60_000,
  dueAtMs: nowMs - 60_000,
};
export const claimed: PublicationState = { ...scheduled, status: 'publishing', fence: 1, leaseUntilMs: nowMs + 30_000 };
/** Its send began a second ago. */
export const sending: PublicationState = {
  ...claimed,
  attempts: 1,
  intentAtMs: nowMs - 1_000,
  inDoubtSinceMs: nowMs - 1_000,
};
/** Its answer was lost, and a publisher asks the platform. */
export const asking: PublicationState = {
  ...sending,
  status: 'waiting',
  fence: 2,
  waiting: { reason: 'reconciling', detail: 'It is not known.' },
  error: { ...fault, retryable: true, manual: null },
};
export const failed: PublicationState = {
  ...scheduled,
  status: 'failed',
  dueAtMs: null,
  attempts: 1,
  error: rejection,
};
export const unconfirmed: PublicationState = {
  ...asking,
  status: 'unconfirmed',
  dueAtMs: null,
  leaseUntilMs: null,
  waiting: null,
  absentReads: 2,
  reconcileTries: 3,
};
const onePart = { platformPostId: 'p1', url: null, reference: null, publishedAtMs: nowMs - 5_000 };
/** The first part of two is out. */
export const partOut = { parts: [onePart], platformPostId: 'p1' };
export const firstPart = { index: 0, isLast: false, leaseMs: 20_000 };
export const lastPart = { index: 1, isLast: true, leaseMs: 20_000 };

export const retries = { retryDelaysMs: [1_000, 5_000], jitter: 0, outage: false, manual };
export const asks = { ...retries, quietMs: 10_000, absentReadsRequired: 2, absentSpacingMs: 4_000 };

export const published = { kind: 'published', platformPostId: 'p9', url: null } as const;
export const retry = { kind: 'retry', fault, retryAfterMs: null } as const;
export const rejected = { kind: 'rejected', error: rejection } as const;

export const toldOf = (reason: WaitingReason, detail = 'It waits.') => ({
  reason,
  detail,
  times: 1,
  lastAtMs: nowMs - 2_000,
});
export const waitingFor = (reason: WaitingReason): PublicationState => ({
  ...scheduled,
  status: 'waiting',
  waiting: { reason, detail: 'It waits.' },
  toldWait: toldOf(reason),
});

export const claim = (gate: Gate): PublicationInput => ({ type: 'claim', leaseMs: 20_000, gate });
export const ended = (outcome: Outcome, more: object = {}): PublicationInput => ({
  type: 'outcome',
  fence: 1,
  outcome,
  policy: retries,
  ...more,
});
export const finding = (found: Finding, more: object = {}): PublicationInput => ({
  type: 'finding',
  fence: 2,
  finding: found,
  policy: asks,
  ...more,
});
export const resolved = (resolution: Resolution, more: object = {}): UserInput => ({
  type: 'resolve',
  resolution,
  ...more,
});

/** A case: what it is, the state and the input that it meets, and all that comes of it. */
type Case = readonly [name: string, state: PublicationState, input: PublicationInput, ...told: string[]];

export function testCases(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one[0], one] as const))('%s', (_name, [, state, input, ...told]) => {
    expect(tellTransition(state, input)).toEqual(told);
  });
}

/** What changed, then a line for each entry of the timeline, then one for each message to people. Times are told from now on, in ms. */
function tellTransition(before: PublicationState, input: PublicationInput): string[] {
  const taken = transition(before, input, nowMs);
  if (taken.kind === 'refused') return [`refused: ${taken.reason}`];
  const old: Readonly<Record<string, unknown>> = { ...before };
  const changes = Object.entries(taken.state).filter(([name, value]) => !isDeepStrictEqual(old[name], value));
  return [
    changes.map(([name, value]) => `${name} ${tellValue(name, value)}`).join(', '),
    ...taken.events.map(({ type, message, data }) => `${type}: ${message} ${JSON.stringify(data)}`),
    ...taken.notifications.map(({ kind, title, body }) => `${kind}: ${title}: ${body}`),
  ];
}

function tellValue(name: string, value: unknown): string {
  const isTime = name.endsWith('Ms') && typeof value === 'number';
  return isTime ? `${value < nowMs ? '' : '+'}${value - nowMs}` : JSON.stringify(value);
}
