import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { ReplyTarget } from '@vibetribe/platforms/port/publish';
import type { VisiblePart } from '@vibetribe/platforms/port/account';
import type { PartPosition } from '../state/publication-input.ts';
import type { PublicationState, PublishedPart } from '../state/publication-state.ts';
import type { PartContent } from '../../content/part-contents.ts';
import type { PublicationWork, StoredStep } from './publication-work.ts';

type PartOfWork = Pick<PublicationWork, 'part' | 'content' | 'mediaIds' | 'steps'>;

/** The first part that is not out yet, with its own content and steps. */
export function openPart(
  work: Pick<PublicationWork, 'publicationId' | 'parts' | 'allSteps'>,
  state: PublicationState,
): PartOfWork {
  const index = Math.min(state.parts.length, work.parts.length - 1);
  const { kind, content, mediaIds } = work.parts[index] ?? work.parts[0];
  const id = index === 0 ? work.publicationId : `${work.publicationId}/${index}`;
  return {
    part: { index, kind, id, replyTo: replyTarget(kind, state.parts.slice(0, index)) },
    content,
    mediaIds,
    steps: work.allSteps.flatMap((step) => {
      const name = ownName(step.name, index);
      return name === null ? [] : [{ ...step, name }];
    }),
  };
}

/** The same claim at its next part; null where it ended, or nothing is left. */
export function nextPart(work: PublicationWork, state: PublicationState): PublicationWork | null {
  const isOver = state.leaseUntilMs === null || state.fence !== work.fence || state.parts.length >= work.parts.length;
  return isOver ? null : { ...work, state, ...openPart(work, state) };
}

/** The part that this claim is at has appeared: there are fewer parts than there were. */
export function isOut({ part, state }: Pick<PublicationWork, 'part' | 'state'>): boolean {
  return part.index < state.parts.length;
}

/** For the state machine; nothing where there is one part alone. */
export function positionOfPart(
  { part, parts }: Pick<PublicationWork, 'part' | 'parts'>,
  leaseMs: number,
): { readonly part?: PartPosition } {
  return parts.length === 1 ? {} : { part: { index: part.index, isLast: part.index === parts.length - 1, leaseMs } };
}

/** Steps of the first part have their adapter's names; those of the others say whose they are. */
export function storedName({ part }: Pick<PublicationWork, 'part'>, name: string): string {
  return part.index === 0 ? name : `part ${part.index + 1}: ${name}`;
}

function ownName(stored: StoredStep['name'], index: number): string | null {
  const [, number, name] = /^part (\d+): (.*)$/su.exec(stored) ?? [];
  if (number === undefined || name === undefined) return index === 0 ? stored : null;
  return Number(number) === index + 1 ? name : null;
}

/** A comment stands below the post, a part of the thread below the one before it; nothing is before the post itself. */
function replyTarget(kind: PartContent['kind'], done: readonly PublishedPart[]): ReplyTarget | null {
  const [root] = done;
  const parent = kind === 'comment' ? root : done.at(-1);
  if (root === undefined || parent === undefined) return null;
  return { root: visible(root), parent: visible(parent) };
}

function visible({ platformPostId, url, reference }: PublishedPart): VisiblePart {
  return { platformPostId: platformPostId ?? '', url, ...withReference(reference) };
}

function withReference(reference: JsonValue): { readonly reference?: JsonValue } {
  return reference === null ? {} : { reference };
}
