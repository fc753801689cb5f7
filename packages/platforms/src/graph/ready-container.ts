import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { JsonValue } from '../port/json-value.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';

/** What may become a post, or an item of one. Nobody sees it; it lives a day. */
export interface StoredContainer {
  readonly id: string;
  readonly madeAt: string;
  readonly expiresAt: string;
}

/** Begins the names of the steps whose result is a container that may become the post. */
export const postContainerStep = 'post container';

const PostContainer = z.object({ id: z.string(), expiresAt: z.string() });

/** The id of a container that may have become the post; undefined for the result of another step. */
export function postContainerIn(step: string, result: unknown): string | undefined {
  return step.startsWith(postContainerStep) ? PostContainer.safeParse(result).data?.id : undefined;
}

const lifeMs = 24 * 3_600_000;
/** One this near to its end could expire before it is published. */
const lifeLeftMinMs = 30 * 60_000;
/** Containers whose media could not be fetched or read, by no fault of the media's, are made anew so often. */
const failuresMax = 3;

interface MadeContainer {
  readonly id: string;
  readonly [field: string]: JsonValue;
}

interface ContainerWork<Made extends MadeContainer> {
  readonly platformName: string;
  /** What it is to become, for the reason. */
  readonly what: 'media' | 'post';
  readonly make: (http: PlatformHttp) => Promise<Made>;
  /** The step between making and asking, where there is one. */
  readonly fill?: ((name: string, made: Made) => Promise<void>) | undefined;
  /** `ready`, or what went wrong and may go right with another container. @throws PlatformError `media_processing` */
  readonly stateOf: (http: PlatformHttp, container: StoredContainer) => Promise<string>;
}

/**
 * A container that is ready to be published; made anew where the one before it is near its end, or failed for a reason that passes.
 * @param name of its steps: changes with what is in it
 * @throws PlatformError `media_processing` while the platform is working on it
 */
export async function readyContainer<Made extends MadeContainer>(
  run: PublishRun,
  name: string,
  { platformName, what, make, fill, stateOf }: ContainerWork<Made>,
): Promise<string> {
  let failures = 0;
  for (let generation = 0; ; generation += 1) {
    const own = generation === 0 ? name : `${name} again ${generation}`;
    const made = await run.step({
      name: own,
      effect: 'idempotent',
      run: async ({ http }) => {
        const expiresAt = new Date(run.now.getTime() + lifeMs).toISOString();
        return { ...(await make(http)), madeAt: run.now.toISOString(), expiresAt };
      },
    });
    if (Date.parse(made.expiresAt) - run.now.getTime() < lifeLeftMinMs) continue;
    await fill?.(own, made);
    const state = await run.step({ name: `${own}: ready`, effect: 'read', run: ({ http }) => stateOf(http, made) });
    if (state === 'ready') return made.id;
    failures += 1;
    if (failures < failuresMax) continue;
    const message = `${platformName} could not prepare the ${what}, ${failuresMax} times in a row (${state})`;
    throw new PlatformError('unavailable', message, { platformCode: `container_${state}` });
  }
}
