import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import { asking, claimed, nowMs, scheduled, sending, testCases, toldOf, waitingFor } from './test-transitions.ts';

const expired = {
  type: 'lease_expired',
  policy: { quietMs: 10_000, absentReadsRequired: 2, absentSpacingMs: 4_000 },
} as const;
const resume = (reasons: readonly WaitingReason[]) => ({ type: 'resume', reasons }) as const;
const progress = (more: { committed: boolean; message?: string; fence?: number }) =>
  ({ type: 'progress', fence: 1, leaseMs: 20_000, step: 'upload', ...more }) as const;

testCases([
  [
    'an intent of the holder',
    claimed,
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'attempts 1, leaseUntilMs +20000, intentAtMs +0, inDoubtSinceMs +0',
    'publication.sent: Send 1 begins. {"attempt":1}',
  ],
  [
    'a second intent, after a send that may have arrived',
    { ...claimed, attempts: 2, inDoubtSinceMs: nowMs - 9_000, absentReads: 1, reconcileTries: 2 },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'attempts 3, leaseUntilMs +20000, intentAtMs +0, absentReads 0, reconcileTries 0',
    'publication.sent: Send 3 begins. {"attempt":3}',
  ],
  ['an intent under an old fence', claimed, { type: 'intend', fence: 0, leaseMs: 20_000 }, 'refused: superseded'],
  [
    'an intent of what is not being published',
    { ...claimed, status: 'waiting' },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'refused: superseded',
  ],
  [
    'an intent without a lease',
    { ...claimed, leaseUntilMs: null },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'refused: lease_over',
  ],
  [
    'an intent in the moment the lease ends',
    { ...claimed, leaseUntilMs: nowMs },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'refused: lease_over',
  ],
  ['an intent beside an open one', sending, { type: 'intend', fence: 1, leaseMs: 20_000 }, 'refused: intent_open'],
  [
    'an intent of what was told to wait',
    { ...claimed, toldWait: toldOf('token') },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'attempts 1, leaseUntilMs +20000, intentAtMs +0, inDoubtSinceMs +0, toldWait null',
    'publication.claimed: A publisher took it up. {"purpose":"send","fence":1}',
    'publication.sent: Send 1 begins. {"attempt":1}',
  ],
  [
    'an intent of what was told to wait three times',
    { ...claimed, toldWait: { ...toldOf('token'), times: 3 } },
    { type: 'intend', fence: 1, leaseMs: 20_000 },
    'attempts 1, leaseUntilMs +20000, intentAtMs +0, inDoubtSinceMs +0, toldWait null',
    'publication.claimed: A publisher took it up. {"purpose":"send","fence":1,"waited":{"times":3,"lastAt":"2026-11-27T09:59:58.000Z"}}',
    'publication.sent: Send 1 begins. {"attempt":1}',
  ],
  [
    'a step that shows nothing',
    sending,
    progress({ committed: false }),
    'leaseUntilMs +20000',
    'publication.step_done: Step "upload" is done. {"step":"upload"}',
  ],
  [
    'a step that shows it',
    { ...sending, evidence: 'A repeat was refused' },
    progress({ committed: true }),
    'leaseUntilMs +20000, intentAtMs null, inDoubtSinceMs null, evidence null, committed true',
    'publication.step_done: Step "upload" is done. {"step":"upload"}',
  ],
  [
    'a step with words of its own',
    sending,
    progress({ committed: false, message: 'Half is there' }),
    'leaseUntilMs +20000',
    'publication.step_done: Half is there. {"step":"upload"}',
  ],
  ['a step under an old fence', sending, progress({ committed: true, fence: 0 }), 'refused: superseded'],
  ['a step without a lease', { ...sending, leaseUntilMs: null }, progress({ committed: true }), 'refused: superseded'],
  ['a lease that is none', scheduled, expired, 'refused: not_expired'],
  ['a lease that lasts a moment yet', { ...claimed, leaseUntilMs: nowMs + 1 }, expired, 'refused: not_expired'],
  [
    'a lease that ends now',
    { ...claimed, leaseUntilMs: nowMs },
    expired,
    'status "scheduled", dueAtMs +0, leaseUntilMs null',
    'publication.lease_expired: Its publisher stopped before anything was sent; another one takes over. {}',
  ],
  [
    'a lease that ended after a send',
    { ...claimed, attempts: 1, leaseUntilMs: nowMs - 1 },
    expired,
    'status "retrying", dueAtMs +0, leaseUntilMs null',
    'publication.lease_expired: Its publisher stopped before anything was sent; another one takes over. {}',
  ],
  [
    'a lease that ended after something was shown',
    { ...claimed, committed: true, attempts: 1, leaseUntilMs: nowMs - 1 },
    expired,
    'status "waiting", dueAtMs +0, leaseUntilMs null, waiting {"reason":"processing","detail":"Its publisher stopped; another one goes on."}',
    'publication.lease_expired: Its publisher stopped when the platform had taken it; another one goes on. {}',
  ],
  [
    'a lease that ended while sending',
    { ...sending, leaseUntilMs: nowMs - 1_000 },
    expired,
    'status "waiting", dueAtMs +9000, leaseUntilMs null, waiting {"reason":"reconciling","detail":"Its publisher stopped while sending; the platform will be asked what became of it."}, error {"category":"unknown_outcome","code":"publisher_stopped","message":"Its publisher stopped while sending.","retryable":true,"manual":null}',
    'publication.lease_expired: Its publisher stopped while sending. Nothing is sent again before the platform was asked, at 2026-11-27T10:00:09.000Z. {}',
  ],
  [
    'a lease that ended while sending, longer ago than the quiet period',
    { ...sending, leaseUntilMs: nowMs - 11_000 },
    expired,
    'status "waiting", dueAtMs +0, leaseUntilMs null, waiting {"reason":"reconciling","detail":"Its publisher stopped while sending; the platform will be asked what became of it."}, error {"category":"unknown_outcome","code":"publisher_stopped","message":"Its publisher stopped while sending.","retryable":true,"manual":null}',
    'publication.lease_expired: Its publisher stopped while sending. Nothing is sent again before the platform was asked, at 2026-11-27T10:00:00.000Z. {}',
  ],
  [
    'a lease that ended while asking',
    { ...asking, leaseUntilMs: nowMs - 1_000 },
    expired,
    'dueAtMs +0, leaseUntilMs null',
    'publication.lease_expired: Its publisher stopped while asking the platform; another one asks. {}',
  ],
  ['a wait that is over', { ...waitingFor('paused'), dueAtMs: null }, resume(['paused', 'token']), 'dueAtMs +0'],
  ['a wait for something else', waitingFor('rate_limit'), resume(['paused', 'token']), 'refused: not_waiting'],
  [
    'a wait of what is held',
    { ...waitingFor('paused'), leaseUntilMs: nowMs - 1 },
    resume(['paused']),
    'refused: not_waiting',
  ],
  [
    'a wait of what does not wait',
    { ...waitingFor('paused'), status: 'scheduled' },
    resume(['paused']),
    'refused: not_waiting',
  ],
  ['no wait', { ...scheduled, status: 'waiting' }, resume(['paused']), 'refused: not_waiting'],
  [
    'a question that had to wait for the account',
    { ...asking, leaseUntilMs: null, dueAtMs: null },
    resume(['token']),
    'dueAtMs +0',
  ],
  ['a question that has its time', { ...asking, leaseUntilMs: null }, resume(['token']), 'refused: not_waiting'],
  [
    'a question that waits for the account, when a pause is lifted',
    { ...asking, leaseUntilMs: null, dueAtMs: null },
    resume(['paused']),
    'refused: not_waiting',
  ],
  [
    'a wait for a breaker without a time, when an account is connected',
    { ...waitingFor('breaker'), dueAtMs: null },
    resume(['token']),
    'refused: not_waiting',
  ],
]);
