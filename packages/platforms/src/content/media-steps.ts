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

/** The first upload that lives long enough to be published; those before it have expired. */
export async function livingUpload<Upload extends { readonly expiresAt: string }>(
  now: Date,
  upload: (generation: number) => Promise<Upload>,
): Promise<Upload> {
  for (let generation = 0; generation < generationsMax; generation += 1) {
    const uploaded = await upload(generation);
    if (Date.parse(uploaded.expiresAt) - now.getTime() > lifeLeftMinMs) return uploaded;
  }
  throw new PlatformError('unavailable', 'Uploads expire before they can be published', {
    platformCode: 'upload_expired',
  });
}
