import { readFile } from 'node:fs/promises';
import { WaitingReason } from '@vibetribe/contracts/publication-status';
import { expect, test } from 'vitest';
import type { Finding, Outcome, PartPosition, PublicationInput } from './publication-input.ts';
import { newPublication, type PublicationState } from './publication-state.ts';
import { transition } from './reducer.ts';

const documentUrl = new URL('../../../../../docs/state-machine.md', import.meta.url);

test('the picture in docs/state-machine.md has every way from one status to another, and no other', async () => {
  const drawn = arrowsOf(await readFile(documentUrl, 'utf8'));
  const walked = walkTransitions().filter(({ from, to }) => from !== to);
  expect(drawn.toSorted()).toEqual(groupByArrow(walked).toSorted());
});

test('the table in docs/state-machine.md has every input that leaves the status as it is', async () => {
  const rows = tableOf(await readFile(documentUrl, 'utf8'));
  const walked = walkTransitions().filter(({ from, to }) => from === to);
  const stays = Map.groupBy(walked, ({ from }) => from);
  expect(rows.toSorted()).toEqual([...stays].map(([status, all]) => `${status}: ${labelsOf(all)}`).toSorted());
});

interface Transition {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** `draft --> scheduled: schedule, publish_now`; the start and the ends are no inputs. */
function arrowsOf(markdown: string): string[] {
  const mermaid = /```mermaid\n(.*?)```/s.exec(markdown)?.[1] ?? '';
  return mermaid.split('\n').flatMap((line) => {
    const arrow = /^ *(\w+) --> (\w+) ?: (.+)$/.exec(line);
    return arrow === null ? [] : [`${arrow[1]} --> ${arrow[2]}: ${sorted((arrow[3] ?? '').split('<br/>'))}`];
  });
}

function tableOf(markdown: string): string[] {
  return markdown.split('\n').flatMap((line) => {
    const row = /^\| `(\w+)` \| (.+) \|$/.exec(line);
    return row === null ? [] : [`${row[1]}: ${sorted((row[2] ?? '').split(', '))}`];
  });
}

function groupByArrow(transitions: readonly Transition[]): string[] {
  const arrows = Map.groupBy(transitions, ({ from, to }) => `${from} --> ${to}`);
  return [...arrows].map(([arrow, all]) => `${arrow}: ${labelsOf(all)}`);
}

const labelsOf = (all: readonly Transition[]) => sorted([...new Set(all.map(({ label }) => label))]);
const sorted = (labels: readonly string[]) =>
  labels
    .map((label) => label.trim())
    .toSorted()
    .join(', ');

/** Drives `transition` from a new publication through everything that can happen to it, until nothing new is found. */
function walkTransitions(): Transition[] {
  const found = new Map<string, Transition>();
  const seen = new Set<string>();
  const open: Moment[] = [{ state: newPublication, atMs: 1_000_000 }];
  for (let moment = open.pop(); moment !== undefined; moment = open.pop()) {
    const key = kindOf(moment);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const { label, input } of inputsFor(moment.state)) {
      for (const atMs of momentsAfter(moment)) {
        const taken = transition(moment.state, input(atMs), atMs);
        if (taken.kind === 'refused') continue;
        const edge = { from: moment.state.status, to: taken.state.status, label };
        found.set(JSON.stringify(edge), edge);
        open.push({ state: taken.state, atMs });
      }
    }
  }
  return [...found.values()];
}

interface Moment {
  readonly state: PublicationState;
  readonly atMs: number;
}

/** Moments of one kind meet the same decisions: counters and times matter by comparison only. */
function kindOf({ state, atMs }: Moment): string {
  const { dueAtMs, leaseUntilMs } = state;
  return JSON.stringify([
    state.status,
    state.waiting?.reason,
    dueAtMs === null ? null : dueAtMs <= atMs,
    leaseUntilMs === null ? null : leaseUntilMs <= atMs,
    state.scheduledAtMs === null,
    Math.min(state.attempts, 1),
    state.retriesUsed,
    state.absentReads,
    state.intentAtMs === null,
    state.inDoubtSinceMs === null,
    state.committed,
    state.parts.length,
    state.platformPostId,
    state.error?.code,
  ]);
}

/** At once, when it is due, and when its lease is over. */
function momentsAfter({ state, atMs }: Moment): number[] {
  return [atMs, Math.max(atMs, state.dueAtMs ?? 0), Math.max(atMs, state.leaseUntilMs ?? 0)];
}

interface LabelledInput {
  readonly label: string;
  readonly input: (atMs: number) => PublicationInput;
}

const leaseMs = 20_000;
const fault = { category: 'network', code: 'test', message: 'A fault.' } as const;
const reconcile = { quietMs: 5_000, absentReadsRequired: 2, absentSpacingMs: 5_000 };
const retryPolicies = [false, true].map((outage) => ({ retryDelaysMs: [1_000], jitter: 0, outage, manual: null }));
const published = { platformPostId: 'p', url: null };
const late = { platformPostId: 'late', url: null };

function inputsFor(state: PublicationState): LabelledInput[] {
  const always = (label: string, input: PublicationInput): LabelledInput => ({ label, input: () => input });
  return [
    { label: 'schedule', input: (atMs) => ({ type: 'schedule', atMs: atMs + 10_000 }) },
    always('unschedule', { type: 'unschedule' }),
    always('edit', { type: 'edit' }),
    always('cancel', { type: 'cancel' }),
    always('publish_now', { type: 'publish_now' }),
    always('retry', { type: 'retry' }),
    always('resolve published', { type: 'resolve', resolution: { kind: 'published', ...published } }),
    ...partsFor(state).map((part) =>
      always('resolve part published', { type: 'resolve', resolution: { kind: 'published', ...published }, part }),
    ),
    ...[true, false].map((retry) =>
      always(`resolve not_published (${retry ? 'send again' : 'leave it'})`, {
        type: 'resolve',
        resolution: { kind: 'not_published', retry },
      }),
    ),
    always('resolve publish', { type: 'resolve', resolution: { kind: 'publish' } }),
    always('resolve skip', { type: 'resolve', resolution: { kind: 'skip' } }),
    ...claimsOf(state, always),
    ...sendingInputs(state, always),
    ...askingInputs(state, always),
    ...retryPolicies.map((policy) =>
      always('late outcome', {
        type: 'outcome',
        fence: state.fence - 1,
        outcome: { kind: 'published', ...late },
        policy,
      }),
    ),
    ...partsFor(state).flatMap((part) =>
      retryPolicies.map((policy) =>
        always('late part', {
          type: 'outcome',
          fence: state.fence - 1,
          outcome: { kind: 'published', ...late },
          policy,
          part,
        }),
      ),
    ),
    always('lease_expired', { type: 'lease_expired', policy: reconcile }),
    always('resume', { type: 'resume', reasons: WaitingReason.options }),
  ];
}

/** The first one of two; what comes after it is told as of a publication of one part. */
function partsFor({ parts }: PublicationState): readonly PartPosition[] {
  return parts.length === 0 ? [{ index: 0, isLast: false, leaseMs }] : [];
}

/** What an open intent is claimed for is a question to the platform: no gate concerns it. */
function claimsOf(state: PublicationState, always: Always): LabelledInput[] {
  const go = always('claim', { type: 'claim', leaseMs, gate: { kind: 'go' } });
  if (state.intentAtMs !== null) return [go];
  return [
    go,
    always('claim (skip)', { type: 'claim', leaseMs, gate: { kind: 'skip', because: 'misfire', detail: 'late' } }),
    ...WaitingReason.options.flatMap((reason) =>
      [0, null].map((untilMs) =>
        always('claim (wait)', { type: 'claim', leaseMs, gate: { kind: 'wait', reason, untilMs, detail: reason } }),
      ),
    ),
  ];
}

type Always = (label: string, input: PublicationInput) => LabelledInput;

/** What a publisher that holds the claim says while it publishes. Only a send that has begun can end as unknown. */
function sendingInputs(state: PublicationState, always: Always): LabelledInput[] {
  const { status, fence, intentAtMs } = state;
  if (status !== 'publishing') return [];
  const outcomes: Outcome[] = [
    { kind: 'published', ...published },
    { kind: 'processing', pollAfterMs: 1_000, detail: 'encoding', committed: false },
    { kind: 'processing', pollAfterMs: 1_000, detail: 'encoding', committed: true },
    { kind: 'retry', fault, retryAfterMs: null },
    { kind: 'wait', reason: 'token', retryAfterMs: null, detail: 'token' },
    { kind: 'postponed', reason: 'internal', detail: 'trouble', retryAfterMs: 0, committed: false },
    { kind: 'rejected', error: { ...fault, retryable: false, manual: null } },
    ...(intentAtMs === null ? [] : [{ kind: 'unknown', fault, quietMs: 5_000 } as const]),
  ];
  return [
    always('intend', { type: 'intend', fence, leaseMs }),
    ...[false, true].map((committed) =>
      always('progress', { type: 'progress', fence, leaseMs, step: 'upload', committed }),
    ),
    ...outcomes.flatMap((outcome) =>
      retryPolicies.map((policy) => always(`outcome ${outcome.kind}`, { type: 'outcome', fence, outcome, policy })),
    ),
    ...partsFor(state).flatMap((part) =>
      retryPolicies.map((policy) =>
        always('outcome part published', {
          type: 'outcome',
          fence,
          outcome: { kind: 'published', ...published },
          policy,
          part,
        }),
      ),
    ),
  ];
}

/** What it says while it asks the platform about an open intent. */
function askingInputs(state: PublicationState, always: Always): LabelledInput[] {
  const { status, fence } = state;
  if (status !== 'waiting') return [];
  return findings.flatMap((finding) =>
    retryPolicies.flatMap((policy) => {
      const input = { type: 'finding', fence, finding, policy: { ...policy, ...reconcile } } as const;
      const parts = finding.kind === 'found' ? partsFor(state) : [];
      return [
        always(`finding ${finding.kind}`, input),
        ...parts.map((part) => always('finding part found', { ...input, part })),
      ];
    }),
  );
}

const findings: readonly Finding[] = [
  { kind: 'found', ...published, evidence: 'found' },
  { kind: 'not_seen', evidence: 'not seen' },
  { kind: 'inconclusive', evidence: 'half a list' },
  { kind: 'cannot_tell', evidence: 'no list' },
  { kind: 'no_answer', detail: 'silence', retryAfterMs: null, needsReconnect: false },
  { kind: 'no_answer', detail: 'token', retryAfterMs: null, needsReconnect: true },
];
