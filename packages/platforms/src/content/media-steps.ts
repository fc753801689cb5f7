import type { MediaItem } from '../port/content.ts';
import { PlatformError } from '../port/platform-error.ts';

/**
 * The name of a step that brings a part of a medium to a platform. It changes with the bytes and with the generation, so that
 * neither a medium put in its place nor an upload begun anew meets the results of the one before.
 */
export function stepName(step: {
  readonly index: number;
  readonly item: Pick<MediaItem, 'sha256'>;
  readonly generation: number;
  readonly part: string;
}): string {
  const again = step.generation === 0 ? '' : ` again ${step.generation}`;
  return `media ${step.index + 1} (${step.item.sha256.slice(0, 12)})${again}: ${step.part}`;
}

/** An upload this near to its end could expire before the post is out. */
const lifeLeftMinMs = 30 * 60_000;
const generationsMax = 100;

interface Ending {
  readonly expiresAt: string;
}

/**
 * The first upload that lives long enough to be published; those before it have expired.
 * @param upload calls `living` with what was begun before it sends anything to it: where that has expired, the next one is begun
 */
export async function livingUpload<Upload extends Ending>(
  now: Date,
  upload: (generation: number, living: <Begun extends Ending>(begun: Begun) => Begun) => Promise<Upload>,
): Promise<Upload> {
  const living = <Begun extends Ending>(begun: Begun): Begun => {
    if (Date.parse(begun.expiresAt) - now.getTime() > lifeLeftMinMs) return begun;
    throw new UploadExpiredError();
  };
  for (let generation = 0; generation < generationsMax; generation += 1) {
    try {
      return living(await upload(generation, living));
    } catch (error) {
      if (!(error instanceof UploadExpiredError)) throw error;
    }
  }
  throw new PlatformError('unavailable', 'Uploads expire before they can be published', {
    platformCode: 'upload_expired',
  });
}

class UploadExpiredError extends Error {
  override readonly name = 'UploadExpiredError';
}
