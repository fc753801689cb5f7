import { WaitingReason } from '@vibetribe/contracts/publication-status';
import { expect, test } from 'vitest';
import { newPublication, type PublicationState } from '../state/publication-state.ts';
import { hasPiledUp, latenessCounts } from './decide-lateness.ts';

const nowMs = 10_000_000;
const scheduled: PublicationState = { ...newPublication, status: 'scheduled', scheduledAtMs: nowMs - 3_600_000 };
const waitingFor = (reason: WaitingReason): PublicationState => ({
  ...scheduled,
  status: 'waiting',
  waiting: { reason, detail: 'It waits.' },
});
const part = { platformPostId: 'p1', url: null, reference: null, publishedAtMs: 1 };
/** Nothing of its own keeps these: their lateness counts from the first minute. */
const byOthers: readonly WaitingReason[] = ['breaker', 'paused', 'token', 'internal'];

test.each([
  ['seen already', { ...scheduled, committed: true }, true, 'never'],
  ['perhaps there', { ...scheduled, evidence: 'A repeat was refused.' }, true, 'never'],
  ['out in part', { ...scheduled, parts: [part] }, true, 'never'],
  ['seen already, of an account out of use', { ...scheduled, committed: true }, false, 'never'],
  ['new', scheduled, true, 'always'],
  ['new, of an account out of use', scheduled, false, 'always'],
  ['sent before', { ...scheduled, attempts: 1 }, true, 'by_its_bound'],
  ['sent before, of an account out of use', { ...scheduled, attempts: 1 }, false, 'always'],
  ['retried, and not sent', { ...scheduled, status: 'retrying' }, true, 'by_its_bound'],
  ['sent before, waiting for a token', { ...waitingFor('token'), attempts: 1 }, true, 'always'],
  ['sent before, waiting for us', { ...waitingFor('internal'), attempts: 1 }, true, 'always'],
  ['sent before, waiting for the platform', { ...waitingFor('breaker'), attempts: 1 }, true, 'by_its_bound'],
] as const)('what is %s', (_name, state, accountUsable, counts) => {
  expect(latenessCounts(state, accountUsable)).toBe(counts);
});

test.each(WaitingReason.options)('what waits for %s', (reason) => {
  const isByOthers = byOthers.includes(reason);
  expect(latenessCounts(waitingFor(reason), true)).toBe(isByOthers ? 'always' : 'by_its_bound');
  expect(hasPiledUp(waitingFor(reason), { seenAtMs: nowMs, backAtMs: 0 }, nowMs)).toBe(isByOthers);
});

const here = { seenAtMs: nowMs - 60_000, backAtMs: nowMs - 7_200_000 };

test.each([
  ['due while publishers were there', scheduled, here, false],
  ['due a minute before they came back', scheduled, { ...here, backAtMs: nowMs - 3_540_000 }, false],
  ['due more than a minute before they came back', scheduled, { ...here, backAtMs: nowMs - 3_539_999 }, true],
  ['due while nobody has been seen for more than a minute', scheduled, { ...here, seenAtMs: nowMs - 60_001 }, true],
  ['due before any publisher was seen', scheduled, { seenAtMs: null, backAtMs: 0 }, true],
  ['due before publishers noted when they came', scheduled, { seenAtMs: nowMs, backAtMs: null }, true],
  ['sent before', { ...scheduled, attempts: 1 }, { seenAtMs: null, backAtMs: null }, false],
  ['on time', { ...scheduled, scheduledAtMs: nowMs }, { seenAtMs: null, backAtMs: null }, false],
  ['never due', { ...scheduled, scheduledAtMs: null }, { seenAtMs: null, backAtMs: null }, false],
] as const)('what was %s', (_name, state, presence, isPiledUp) => {
  expect(hasPiledUp(state, presence, nowMs)).toBe(isPiledUp);
});
