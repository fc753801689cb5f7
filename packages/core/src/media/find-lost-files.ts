import type { MediaStore } from '@vibetribe/media/store/media-store';
import type { Logger } from '@vibetribe/observability/logger';
import type { PostMediaItem } from './read-post-media.ts';

const atOnceMax = 8;

/** Ids of the media whose files the store does not have. A store that cannot tell is believed to have them. */
export async function findLostFiles(
  store: Pick<MediaStore, 'has'>,
  logger: Pick<Logger, 'warn'>,
  files: readonly Pick<PostMediaItem, 'id' | 'object' | 'facts'>[],
): Promise<ReadonlySet<string>> {
  const open = [...new Map(files.map((file) => [file.id, file])).values()];
  const lost = new Set<string>();
  const look = async (): Promise<void> => {
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      try {
        if (!(await store.has(file.object, file.facts.bytes))) lost.add(file.id);
      } catch (error) {
        logger.warn({ err: error, mediaId: file.id }, 'the store does not tell whether it has a file');
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnceMax }, look));
  return lost;
}
