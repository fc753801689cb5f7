import type { PublishJobData } from './queue-connection.ts';

/** A publication that wants a job. */
export interface PublishJobRequest {
  platform: string;
  publicationId: string;
  /** Every time it is enqueued it takes a new one: BullMQ ignores a job id that it still keeps, even of a completed job. */
  generation: number;
  /** 0 or less: now. */
  delayMs: number;
  /** 0 goes first, up to `jobPriorityMax`. */
  priority: number;
}

export interface PublishJob {
  readonly id: string;
  readonly data: PublishJobData;
  readonly delayMs: number;
  readonly priority: number;
}

/** The last priority that is given; BullMQ takes up to 2,097,152. */
export const jobPriorityMax = 2_000_000;

/** From this many publications of a platform enqueued at once, neighbours share a job. */
const crowdMin = 50;
/** Publications of one job, at most. More would cost BullMQ less, but all of them wait when their worker dies. */
const jobPublicationsMax = 8;
/** Publications of one job are due within this of each other, ms. The job runs when the last of them is due. */
const togetherMs = 10;

/**
 * The jobs for publications of one platform: one each, except in a crowd, where neighbours in the order of delay and priority
 * share one. A publication named twice gets one job.
 */
export function toPublishJobs(requests: readonly PublishJobRequest[]): PublishJob[] {
  const distinct = [...new Map(requests.map((request) => [jobIdOf(request), request])).values()];
  const sizeMax = distinct.length < crowdMin ? 1 : jobPublicationsMax;
  const jobs: PublishJobRequest[][] = [];
  for (const request of sizeMax === 1 ? distinct : distinct.toSorted(byTimeThenPriority)) {
    const last = jobs.at(-1);
    if (last !== undefined && last.length < sizeMax && togetherOf(last[0] ?? request) === togetherOf(request))
      last.push(request);
    else jobs.push([request]);
  }
  return jobs.map(toJob);
}

/** Never an integer and without a colon, as both backends demand. */
export function jobIdOf({
  publicationId,
  generation,
}: Pick<PublishJobRequest, 'publicationId' | 'generation'>): string {
  return `p_${publicationId}_${generation}`;
}

function byTimeThenPriority(left: PublishJobRequest, right: PublishJobRequest): number {
  return togetherOf(left) - togetherOf(right) || left.priority - right.priority;
}

function togetherOf({ delayMs }: PublishJobRequest): number {
  return Math.ceil(Math.max(0, delayMs) / togetherMs);
}

function toJob(requests: readonly PublishJobRequest[]): PublishJob {
  const [first] = requests;
  if (first === undefined) throw new RangeError('a job is for at least one publication');
  const id = requests.length === 1 ? jobIdOf(first) : `${jobIdOf(first)}_and_${requests.length - 1}`;
  return {
    id,
    data: { publications: requests.map(({ publicationId, generation }) => ({ publicationId, generation })) },
    delayMs: Math.max(0, ...requests.map(({ delayMs }) => delayMs)),
    priority: first.priority,
  };
}
