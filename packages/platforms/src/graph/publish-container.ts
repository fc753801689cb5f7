import { PlatformError } from '../port/platform-error.ts';
import type { PublishRun } from '../port/publish.ts';

const pauseMs = 30_000;
const containersMax = 3;

const refusedCode = 'container_refused';
const goneCode = 'container_gone';
const spoiltCode = 'container_spoilt';

/** So long after its first refusal a container is asked for again, ms: one that is gone may have become a post that is not listed yet. */
const patienceMs: ReadonlyMap<string, number> = new Map([
  [refusedCode, 5 * 60_000],
  [goneCode, 20 * 60_000],
  [spoiltCode, 0],
]);

/** The platform has published nothing of it: the container says that it is ready, and is refused. */
export function containerRefused(platformName: string, cause: PlatformError): PlatformError {
  const message = `${platformName} has the post ready and does not publish it yet`;
  return new PlatformError('media_processing', message, { platformCode: refusedCode, retryAfterMs: pauseMs, cause });
}

/** The container has expired or failed since it was ready: nothing can become of it. */
export function containerSpoilt(platformName: string, cause: PlatformError): PlatformError {
  const message = `${platformName} cannot publish the prepared post any more: it is made anew`;
  return new PlatformError('media_processing', message, { platformCode: spoiltCode, cause });
}

/** The container is not there any more, and no post is listed that it became: only time tells. */
export function containerGone(platformName: string, cause: PlatformError): PlatformError {
  const message = `${platformName} has the prepared post no more and lists none that it became`;
  return new PlatformError('ambiguous', message, { platformCode: goneCode, cause });
}

/**
 * Publishes the first container that the platform takes. One that it refuses for minutes, or has lost, is given up: the next send is of
 * another one. What became of those that were given up is asked for like that of the last.
 * @param ready a container that is ready; another one for each generation
 * @param publish the send
 */
export async function publishContainer(
  run: PublishRun,
  platformName: string,
  ready: (generation: number) => Promise<string>,
  publish: (container: string) => Promise<string>,
): Promise<string> {
  for (let generation = 0; generation < containersMax; generation += 1) {
    const container = await ready(generation);
    const givenUp = `container ${container}: given up`;
    if (run.hasResult(givenUp)) continue;
    try {
      return await publish(container);
    } catch (error) {
      if (await isHopeless(run, container, error))
        await run.step({ name: givenUp, effect: 'read', run: async () => true });
      throw error;
    }
  }
  const message = `${platformName} refused to publish the post, ${containersMax} times made anew`;
  throw new PlatformError('unavailable', message, { platformCode: refusedCode });
}

async function isHopeless(run: PublishRun, container: string, error: unknown): Promise<boolean> {
  const patience = error instanceof PlatformError ? patienceMs.get(error.platformCode) : undefined;
  if (patience === undefined) return false;
  const name = `container ${container}: refused since`;
  const since = await run.step({ name, effect: 'read', run: async () => run.now.toISOString() });
  return run.now.getTime() - Date.parse(since) >= patience;
}

/** Behind the name of a step that makes a container: what is made anew meets no result of the one before. */
export function afresh(generation: number): string {
  return generation === 0 ? '' : ` afresh ${generation}`;
}
