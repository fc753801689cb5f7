import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { PublicationState } from './publication-state.ts';
import { type Moved, moved } from './transition.ts';

interface FoundPart {
  readonly platformPostId: string | null;
  readonly url: string | null;
  readonly reference?: JsonValue;
}

/** A part is out and others follow: to them the platform is as it was before the first fault. The caller says who goes on, and when. */
export function finishPart(state: PublicationState, found: FoundPart, atMs: number): Moved {
  return moved(
    {
      ...state,
      ...withPart(state, found, atMs),
      intentAtMs: null,
      inDoubtSinceMs: null,
      evidence: null,
      committed: false,
      retriesUsed: 0,
      firstFailedAtMs: null,
      absentReads: 0,
      reconcileTries: 0,
      error: null,
    },
    partEvent(state, found),
  );
}

/** The publication goes by its first part's name. */
function withPart(state: PublicationState, found: FoundPart, atMs: number) {
  const { platformPostId, url, reference = null } = found;
  const parts = [...state.parts, { platformPostId, url, reference, publishedAtMs: atMs }];
  return state.parts.length > 0 ? { parts } : { parts, platformPostId, url };
}

function partEvent({ parts }: PublicationState, { platformPostId, url }: FoundPart) {
  const index = parts.length;
  return {
    type: 'publication.part_published',
    message: `Part ${index + 1} is out${url === null ? '.' : `: ${url}`}`,
    data: { index, platformPostId, url },
  } as const;
}

export function markPublished(state: PublicationState, found: FoundPart, atMs: number): Moved {
  const isOneOfSeveral = state.parts.length > 0;
  const { platformPostId, url } = isOneOfSeveral ? state : found;
  const lateByMs = state.scheduledAtMs === null ? 0 : Math.max(0, atMs - state.scheduledAtMs);
  return moved(
    {
      ...state,
      status: 'published',
      dueAtMs: null,
      leaseUntilMs: null,
      intentAtMs: null,
      inDoubtSinceMs: null,
      evidence: null,
      committed: true,
      waiting: null,
      error: null,
      ...(isOneOfSeveral ? withPart(state, found, atMs) : { platformPostId, url }),
      publishedAtMs: atMs,
    },
    ...(isOneOfSeveral ? [partEvent(state, found)] : []),
    {
      type: 'publication.published',
      message: url === null ? 'Published.' : `Published: ${url}`,
      data: { platformPostId, url, lateByMs },
    },
  );
}

/** Whoever comes next takes up the part after it. */
export function goOn(finished: Moved, atMs: number): Moved {
  const waiting = { reason: 'processing', detail: `Part ${finished.state.parts.length + 1} follows.` } as const;
  return { ...finished, state: { ...finished.state, status: 'waiting', leaseUntilMs: null, dueAtMs: atMs, waiting } };
}
