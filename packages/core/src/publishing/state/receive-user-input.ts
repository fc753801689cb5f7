import type { PublicationError } from '@vibetribe/contracts/post';
import { isoTime } from './iso-time.ts';
import type { UserInput } from './publication-input.ts';
import type { PublicationState } from './publication-state.ts';
import { finishPart, goOn, markPublished } from './finish-part.ts';
import { fail } from './receive-outcome.ts';
import { type Transition, moved, refused } from './transition.ts';

export function receiveUserInput(state: PublicationState, input: UserInput, atMs: number): Transition {
  switch (input.type) {
    case 'schedule':
      return schedule(state, input.atMs);
    case 'unschedule':
      if (!isUntouched(state)) return refused('under_way');
      return moved(
        { ...state, status: 'draft', scheduledAtMs: null, dueAtMs: null, waiting: null },
        { type: 'publication.unscheduled', message: 'Taken off the schedule.', data: {} },
      );
    case 'edit':
      return edit(state, input.manual ?? null);
    case 'cancel':
      return cancel(state);
    case 'publish_now':
      return publishNow(state, atMs);
    case 'retry':
      if (state.status !== 'failed') return refused('not_failed');
      return moved(
        { ...startOver(state), status: 'scheduled', scheduledAtMs: atMs, dueAtMs: atMs },
        { type: 'publication.scheduled', message: 'Tried again by hand.', data: { scheduledAt: isoTime(atMs) } },
      );
    case 'resolve':
      return resolve(state, input, atMs);
  }
}

/** What has failed is mended in place, unless an earlier send may have arrived: then there could be two texts of it. */
function edit(state: PublicationState, manual: PublicationError['manual']): Transition {
  if (state.status !== 'failed') return isUntouched(state) ? moved(state) : refused('under_way');
  if (state.inDoubtSinceMs !== null || state.evidence !== null) return refused('in_doubt');
  return moved(
    { ...state, error: state.error === null ? null : { ...state.error, manual } },
    { type: 'publication.edited', message: 'Mended; it goes out when it is tried again.', data: {} },
  );
}

/** Nothing of it is on its way, and no send of it can have arrived: it may be edited, rescheduled or taken off the schedule. */
function isUntouched(state: PublicationState): boolean {
  if (state.committed || state.parts.length > 0) return false;
  if (state.inDoubtSinceMs !== null || state.evidence !== null) return false;
  if (state.intentAtMs !== null || state.leaseUntilMs !== null) return false;
  return state.status === 'draft' || state.status === 'scheduled' || state.status === 'waiting';
}

function schedule(state: PublicationState, scheduledAtMs: number): Transition {
  if (!isUntouched(state)) return refused('under_way');
  const type = state.scheduledAtMs === null ? 'publication.scheduled' : 'publication.rescheduled';
  return moved(
    { ...state, status: 'scheduled', scheduledAtMs, dueAtMs: scheduledAtMs, waiting: null },
    { type, message: `Scheduled for ${isoTime(scheduledAtMs)}.`, data: { scheduledAt: isoTime(scheduledAtMs) } },
  );
}

/** A claim without an intent can still be stopped: the higher fence makes its publisher's intent fail, so nothing is sent. */
function cancel(state: PublicationState): Transition {
  if (state.intentAtMs !== null || state.committed || state.evidence !== null || state.parts.length > 0)
    return refused('under_way');
  const stoppable = ['draft', 'scheduled', 'publishing', 'waiting', 'retrying'].includes(state.status);
  if (!stoppable) return refused('ended');
  return moved(
    { ...state, status: 'canceled', fence: state.fence + 1, leaseUntilMs: null, dueAtMs: null, waiting: null },
    { type: 'publication.canceled', message: 'Canceled; it will not appear.', data: {} },
  );
}

function publishNow(state: PublicationState, atMs: number): Transition {
  const told = {
    type: 'publication.scheduled',
    message: 'To be published now.',
    data: { scheduledAt: isoTime(atMs) },
  } as const;
  if (isUntouched(state)) {
    return moved({ ...state, status: 'scheduled', scheduledAtMs: atMs, dueAtMs: atMs, waiting: null }, told);
  }
  if (state.status === 'retrying' && state.leaseUntilMs === null) return moved({ ...state, dueAtMs: atMs }, told);
  return refused(state.status === 'publishing' || state.status === 'waiting' ? 'under_way' : 'ended');
}

function resolve(
  state: PublicationState,
  { resolution, part }: Extract<UserInput, { type: 'resolve' }>,
  atMs: number,
): Transition {
  if (resolution.kind === 'publish' || resolution.kind === 'skip') return decide(state, resolution.kind, atMs);
  const isInDoubt = state.status === 'unconfirmed' || (state.status === 'failed' && state.inDoubtSinceMs !== null);
  if (!isInDoubt && !(resolution.kind === 'published' && isPaused(state))) return refused('not_unconfirmed');
  const told = (message: string) =>
    ({ type: 'publication.resolved', message, data: { outcome: resolution.kind } }) as const;
  if (resolution.kind === 'published') {
    const published =
      part?.isLast === false ? goOn(finishPart(state, resolution, atMs), atMs) : markPublished(state, resolution, atMs);
    const note = told('A person found it on the platform.');
    return { ...published, events: [note, ...published.events] };
  }
  const cleared = {
    ...state,
    intentAtMs: null,
    inDoubtSinceMs: null,
    evidence: null,
    committed: false,
    absentReads: 0,
    reconcileTries: 0,
  };
  if (resolution.retry) {
    return moved(
      { ...startOver(cleared), status: 'scheduled', scheduledAtMs: atMs, dueAtMs: atMs },
      told('A person did not find it; it is sent again.'),
    );
  }
  return moved(
    { ...cleared, status: 'failed', dueAtMs: null },
    told('A person did not find it; it is not sent again.'),
  );
}

/** Nothing of it is sent while a person looks: after the database went back in time it may be out without our knowing. */
function isPaused({ waiting, leaseUntilMs, intentAtMs }: PublicationState): boolean {
  return waiting?.reason === 'paused' && leaseUntilMs === null && intentAtMs === null;
}

function decide(state: PublicationState, answer: 'publish' | 'skip', atMs: number): Transition {
  if (state.status !== 'waiting' || state.waiting?.reason !== 'decision') return refused('not_asking');
  if (answer === 'skip' && state.parts.length > 0) {
    const message = 'A person decided not to go on.';
    return fail(state, { category: 'content', code: 'stopped', message, retryable: false, manual: null });
  }
  if (answer === 'skip') {
    return moved(
      { ...state, status: 'skipped', dueAtMs: null, waiting: null },
      { type: 'publication.resolved', message: 'A person decided not to publish it.', data: { outcome: answer } },
    );
  }
  return moved(
    { ...state, status: 'scheduled', scheduledAtMs: atMs, dueAtMs: atMs, waiting: null },
    { type: 'publication.resolved', message: 'A person decided to publish it now.', data: { outcome: answer } },
  );
}

function startOver(state: PublicationState): PublicationState {
  return { ...state, retriesUsed: 0, firstFailedAtMs: null, waiting: null, error: null };
}
