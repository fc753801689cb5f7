import type { PublishJobData } from './queue-connection.ts';

/** A publication to ring for. */
export interface Ring {
  platform: string;
  publicationId: string;
  /** Every arming takes a new one: BullMQ ignores a job id that it still keeps, even of a completed job. */
  generation: number;
  /** 0 or less: now. */
  delayMs: number;
  /** 0 goes first, up to 2,097,152. */
  priority: number;
}

export interface PublishJob {
  readonly id: string;
  readonly data: PublishJobData;
  readonly delayMs: number;
  readonly priority: number;
}

/** A crowd: fewer publications of a platform than this in one ring get a job each. */
const crowdMin = 50;
/** Publications of one job, at most: what BullMQ costs is shared by so many, and so many wait together when their worker dies. */
const jobPublicationsMax = 8;
/** Due within so long of each other, they may share a job; it rings when the last of them is due. */
const togetherMs = 10;

/**
 * The jobs that ring for a platform's publications: one each, except in a crowd, where neighbours in the order of delay and priority
 * share one. A publication named twice is rung once.
 */
export function toPublishJobs(rings: readonly Ring[]): PublishJob[] {
  const distinct = [...new Map(rings.map((ring) => [jobIdOf(ring), ring])).values()];
  const sizeMax = distinct.length < crowdMin ? 1 : jobPublicationsMax;
  const jobs: Ring[][] = [];
  for (const ring of sizeMax === 1 ? distinct : distinct.toSorted(byTimeThenPriority)) {
    const last = jobs.at(-1);
    if (last !== undefined && last.length < sizeMax && slotOf(last[0] ?? ring) === slotOf(ring)) last.push(ring);
    else jobs.push([ring]);
  }
  return jobs.map(toJob);
}

/** Never an integer and without a colon, as both backends demand. */
function jobIdOf({ publicationId, generation }: Ring): string {
  return `p_${publicationId}_${generation}`;
}

function byTimeThenPriority(left: Ring, right: Ring): number {
  return slotOf(left) - slotOf(right) || left.priority - right.priority;
}

function slotOf({ delayMs }: Ring): number {
  return Math.ceil(Math.max(0, delayMs) / togetherMs);
}

function toJob(rings: readonly Ring[]): PublishJob {
  const [first] = rings;
  if (first === undefined) throw new RangeError('a job rings for at least one publication');
  const id = rings.length === 1 ? jobIdOf(first) : `${jobIdOf(first)}_and_${rings.length - 1}`;
  return {
    id,
    data: { publications: rings.map(({ publicationId, generation }) => ({ publicationId, generation })) },
    delayMs: Math.max(0, ...rings.map(({ delayMs }) => delayMs)),
    priority: first.priority,
  };
}
