import type { Fault } from '@vibetribe/core/publishing/state/publication-state';
import type { PublicationState } from '@vibetribe/core/publishing/state/publication-state';
import type {
  Finding,
  Outcome,
  PartPosition,
  PublicationInput,
  ReconcilePolicy,
  RetryPolicy,
} from '@vibetribe/core/publishing/state/publication-input';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { ErrorCategory } from '@vibetribe/contracts/publication-status';
import type { StoredEvent, StoredHistory } from './stored-history.ts';

/** What the publishers of the run were started with. */
export interface RunSettings {
  readonly retryDelaysMs: readonly number[];
  /** Of the publication's platform: so many looks before a post counts as absent. */
  readonly absentReadsRequired: number;
}

interface TimedInput {
  readonly input: PublicationInput;
  readonly atMs: number;
}

/** Stands for what no timeline tells. */
export const untold = 'untold';

/** An event is written after its transaction has looked at the clock, at most so much later. */
const writtenWithinMs = 30_000;
const leaseMs = 5_000;
const quietMs = 2_000;

/** Everything that may have happened to a publication in this state so that the event was written. */
export function inputsBehind(
  state: PublicationState,
  event: StoredEvent,
  following: StoredEvent | undefined,
  { history, settings }: { readonly history: StoredHistory; readonly settings: RunSettings },
): TimedInput[] {
  const { atMs, data } = event;
  const at = (...inputs: PublicationInput[]) => inputs.map((input) => ({ input, atMs }));
  const { fence } = state;
  const place = placeOf(state, history);
  const policies = [true, false].map((outage) => policyWith(outage, settings));
  const outcome = (...outcomes: Outcome[]) =>
    at(
      ...outcomes.flatMap((each) =>
        policies.map((policy): PublicationInput => ({ type: 'outcome', fence, outcome: each, policy, ...place })),
      ),
    );
  const finding = (...findings: Finding[]) =>
    at(
      ...findings.flatMap((each) =>
        policies.map((policy): PublicationInput => ({ type: 'finding', fence, finding: each, policy, ...place })),
      ),
    );

  switch (event.type) {
    case 'publication.scheduled':
      return scheduledBy(event);
    case 'publication.rescheduled':
      return at({ type: 'schedule', atMs: timeIn(data['scheduledAt']) ?? atMs });
    case 'publication.unscheduled':
      return at({ type: 'unschedule' });
    case 'publication.edited':
      return at({ type: 'edit' });
    case 'publication.canceled':
      return at({ type: 'cancel' });
    case 'publication.claimed':
      return at({ type: 'claim', leaseMs, gate: { kind: 'go' } });
    case 'publication.sent':
      return sentBy(state, event, history);
    case 'publication.step_done': {
      const step = String(data['step']);
      return at(
        ...[true, false].map((committed): PublicationInput => ({
          type: 'progress',
          fence,
          leaseMs,
          step,
          message: event.message,
          committed,
        })),
      );
    }
    case 'publication.waiting':
      return [...at(gateBehind(event)), ...outcome(...waitsBehind(event))];
    case 'publication.retrying':
      return outcome({ kind: 'retry', fault: faultIn(event), retryAfterMs: null });
    case 'publication.failed':
      return [
        ...outcome(...refusalsBehind(event), { kind: 'retry', fault: faultIn(event), retryAfterMs: null }),
        ...at(...endsBetweenParts(event)),
      ];
    case 'publication.unconfirmed':
      return [
        ...outcome(...refusalsBehind(event), { kind: 'retry', fault: faultIn(event), retryAfterMs: null }),
        ...finding(...doubtsWithoutEnd),
        ...at({ type: 'claim', leaseMs, gate: { kind: 'skip', because: 'misfire', detail: untold } }),
      ];
    case 'publication.outcome_unknown': {
      const unknown = {
        kind: 'unknown',
        fault: faultIn(event),
        quietMs: (timeIn(data['asksAt']) ?? atMs) - atMs,
      } as const;
      return outcome(unknown, { ...unknown, evidence: untold });
    }
    case 'publication.part_published':
    case 'publication.published':
      return outcome({ kind: 'published', ...postIn(event) });
    case 'publication.late_evidence':
      return at({
        type: 'outcome',
        fence: fence - 1,
        outcome: { kind: 'published', ...postIn(event) },
        policy: policyWith(false, settings),
        ...place,
      });
    case 'publication.reconciled':
      return finding(...findingsBehind(event, following));
    case 'publication.skipped':
      return at({
        type: 'claim',
        leaseMs,
        gate: { kind: 'skip', because: data['because'] as 'misfire', detail: event.message },
      });
    case 'publication.lease_expired':
      return expiredBy(state, event);
    case 'publication.resolved':
      return resolvedBy(event, following, place);
    default:
      return [];
  }
}

/** The part that is next, of several. */
function placeOf({ parts }: PublicationState, { row }: StoredHistory): { readonly part?: PartPosition } {
  if (row.partCount === 1) return {};
  return { part: { index: parts.length, isLast: parts.length === row.partCount - 1, leaseMs } };
}

/** Nobody may go on: its account was disconnected, or a person said so. */
function endsBetweenParts(event: StoredEvent): PublicationInput[] {
  if (event.data['partsPublished'] === undefined) return [];
  const detail = faultIn(event).message;
  return [
    { type: 'claim', leaseMs, gate: { kind: 'skip', because: 'disconnected', detail } },
    { type: 'resolve', resolution: { kind: 'skip' } },
  ];
}

function policyWith(
  outage: boolean,
  { retryDelaysMs, absentReadsRequired }: RunSettings,
): RetryPolicy & ReconcilePolicy {
  return { retryDelaysMs, jitter: 0, outage, manual: null, quietMs, absentReadsRequired, absentSpacingMs: 0 };
}

function scheduledBy({ atMs, data, message }: StoredEvent): TimedInput[] {
  const scheduledAtMs = timeIn(data['scheduledAt']) ?? atMs;
  if (message === 'To be published now.') return [{ input: { type: 'publish_now' }, atMs: scheduledAtMs }];
  if (message === 'Tried again by hand.') return [{ input: { type: 'retry' }, atMs: scheduledAtMs }];
  return [{ input: { type: 'schedule', atMs: scheduledAtMs }, atMs }];
}

/** Its time is on its attempt, where that is still there. */
function sentBy(state: PublicationState, event: StoredEvent, { attempts }: StoredHistory): TimedInput[] {
  const { leaseUntilMs, fence } = state;
  const number = event.data['attempt'];
  if (leaseUntilMs === null || leaseUntilMs < event.atMs - writtenWithinMs) return [];
  const startedAtMs =
    attempts.find((attempt) => attempt.fence === fence && attempt.number === number)?.startedAtMs ?? event.atMs;
  return [{ input: { type: 'intend', fence, leaseMs }, atMs: Math.min(startedAtMs, leaseUntilMs - 1) }];
}

function expiredBy({ leaseUntilMs }: PublicationState, { atMs }: StoredEvent): TimedInput[] {
  if (leaseUntilMs === null || leaseUntilMs > atMs + writtenWithinMs) return [];
  const policy = { quietMs, absentReadsRequired: 1, absentSpacingMs: 0 };
  return [{ input: { type: 'lease_expired', policy }, atMs: Math.max(atMs, leaseUntilMs) }];
}

function gateBehind(event: StoredEvent): PublicationInput {
  const { reason, detail, untilMs } = waitIn(event);
  return { type: 'claim', leaseMs, gate: { kind: 'wait', reason, untilMs, detail } };
}

function waitsBehind(event: StoredEvent): Outcome[] {
  const { reason, detail, untilMs } = waitIn(event);
  const retryAfterMs = untilMs === null ? null : untilMs - event.atMs;
  const both = [true, false];
  return [
    { kind: 'wait', reason, retryAfterMs, detail },
    ...(reason === 'processing'
      ? both.map((committed): Outcome => ({ kind: 'processing', pollAfterMs: retryAfterMs ?? 0, detail, committed }))
      : []),
    ...(reason === 'internal' || reason === 'token'
      ? both.map((committed): Outcome => ({ kind: 'postponed', reason, retryAfterMs, detail, committed }))
      : []),
    ...(reason === 'breaker' ? [{ kind: 'retry', fault: untoldFault, retryAfterMs: null } as const] : []),
  ];
}

export const untoldFault: Fault = { category: 'platform', code: untold, message: untold };

function refusalsBehind(event: StoredEvent): Outcome[] {
  const error = { ...faultIn(event), retryable: false, manual: null };
  return [
    { kind: 'rejected', error },
    { kind: 'rejected', error, turnedDown: true },
  ];
}

const doubtsWithoutEnd: readonly Finding[] = [
  { kind: 'cannot_tell', evidence: untold },
  { kind: 'inconclusive', evidence: untold },
  { kind: 'not_seen', evidence: untold },
  { kind: 'not_seen', evidence: untold, doubt: untold },
];

function findingsBehind(event: StoredEvent, following: StoredEvent | undefined): Finding[] {
  const { message, data } = event;
  const after = (start: string) => (message.startsWith(start) ? message.slice(start.length) : untold);
  switch (data['finding']) {
    case 'found':
      return following === undefined
        ? []
        : [{ kind: 'found', ...postIn(following), evidence: after('The platform has it: ') }];
    case 'absent':
      return [{ kind: 'not_seen', evidence: after('The platform does not have it: ') }];
    case 'not_seen': {
      const evidence = /^Not seen on the platform yet \((.*)\)\. Asks again/su.exec(message)?.[1] ?? untold;
      return [
        { kind: 'not_seen', evidence },
        { kind: 'not_seen', evidence, doubt: untold },
      ];
    }
    default: {
      const detail = message.replace(/ Asks again (?:at \S+|once the account is connected again)\.$/u, '');
      const silence = /^The platform's answer proves nothing: (.*)\.$/su.exec(detail)?.[1];
      return [
        { kind: 'no_answer', detail, retryAfterMs: null, needsReconnect: true },
        { kind: 'no_answer', detail, retryAfterMs: null, needsReconnect: false },
        ...(silence === undefined ? [] : [{ kind: 'inconclusive', evidence: silence } as const]),
      ];
    }
  }
}

function resolvedBy(
  event: StoredEvent,
  following: StoredEvent | undefined,
  place: { readonly part?: PartPosition },
): TimedInput[] {
  const { data, atMs } = event;
  const by = (resolution: Extract<PublicationInput, { type: 'resolve' }>['resolution']): TimedInput => ({
    input: { type: 'resolve', resolution, ...place },
    atMs,
  });
  switch (data['outcome']) {
    case 'published':
      return following === undefined ? [] : [by({ kind: 'published', ...postIn(following) })];
    case 'not_published':
      return [by({ kind: 'not_published', retry: true }), by({ kind: 'not_published', retry: false })];
    case 'publish':
      return [by({ kind: 'publish' })];
    default:
      return [by({ kind: 'skip' })];
  }
}

function waitIn({ data, message }: StoredEvent): { reason: WaitingReason; detail: string; untilMs: number | null } {
  const detail = message.replace(/ Looks again at \S+\.$/u, '');
  return { reason: data['reason'] as WaitingReason, detail, untilMs: timeIn(data['until']) };
}

function faultIn({ data, message }: StoredEvent): Fault {
  const text = message
    .replace(/^Part \d+ failed, what is before it is out: /u, '')
    .replace(/ Tries again at \S+\.$/u, '')
    .replace(/ Nothing is sent again before the platform was asked, at \S+\.$/u, '');
  return {
    category: (data['category'] ?? 'unknown_outcome') as ErrorCategory,
    code: typeof data['code'] === 'string' ? data['code'] : untold,
    message: text,
  };
}

function postIn({ data }: StoredEvent): { platformPostId: string; url: string | null } {
  const { platformPostId, url } = data;
  return { platformPostId: platformPostId as string, url: (url ?? null) as string | null };
}

export function timeIn(value: unknown): number | null {
  return typeof value === 'string' ? Date.parse(value) : null;
}
