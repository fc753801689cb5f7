import { PlatformError } from '../port/platform-error.ts';
import type { PublishFate } from '../port/publish.ts';
import { PublisherStoppedError, type PublishOptions, type startPublication } from './test-platform.ts';
import type { TestSandbox } from './test-sandbox.ts';

type Publication = ReturnType<typeof startPublication>;

const roundsMax = 100;

/** Publishes, and goes on for as long as the platform is working on it: the sandbox's clock is moved instead of waiting. */
export async function publishThrough(
  { control }: Pick<TestSandbox, 'control'>,
  publication: Publication,
  options: PublishOptions = {},
): Promise<PublishFate> {
  for (let round = 0; round < roundsMax; round += 1) {
    const fate = await publication.publish(options).catch((error: unknown) => {
      if (error instanceof PlatformError && error.kind === 'media_processing') return null;
      throw error;
    });
    if (fate !== null && fate.kind !== 'processing') return fate;
    await control('POST', '/_sandbox/clock', { advanceMs: 1_000 });
  }
  throw new Error('the platform never became ready');
}

/** Does all that comes before the first request that makes something visible. */
export async function reachSend(sandbox: Pick<TestSandbox, 'control'>, publication: Publication): Promise<void> {
  const end = await publishThrough(sandbox, publication, { beforeSend: true }).catch((error: unknown) => error);
  if (!(end instanceof PublisherStoppedError)) throw new Error('it did not come to a send', { cause: end });
}

const stopsMax = 300;

/** Publishes with a stop between every two steps, as if the process had died there. */
export async function publishStopped(
  { control }: Pick<TestSandbox, 'control'>,
  publication: Publication,
): Promise<PublishFate> {
  for (let stops = 0; stops < stopsMax; stops += 1) {
    const end = await publication.publish({ stepsMax: 1 }).catch((error: unknown) => error);
    if (end instanceof PublisherStoppedError) continue;
    if (end instanceof Error && !(end instanceof PlatformError && end.kind === 'media_processing')) throw end;
    if (isFate(end) && end.kind !== 'processing') return end;
    await control('POST', '/_sandbox/clock', { advanceMs: 1_000 });
  }
  throw new Error('it never came to an end');
}

function isFate(end: unknown): end is PublishFate {
  return typeof end === 'object' && end !== null && 'kind' in end && !(end instanceof Error);
}
