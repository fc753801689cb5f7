import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Actor } from '../../actor.ts';
import { type PostMediaItem, readPostMedia } from '../../media/read-post-media.ts';

/** By id; unknown and foreign ones are missing. */
export type PostMedia = ReadonlyMap<string, PostMediaItem['checked']>;

export async function readMedia(tx: Transaction, actor: Actor, ids: readonly string[]): Promise<PostMedia> {
  const found = await readPostMedia(tx, actor.organizationId, ids);
  return new Map(found.map(({ id, checked }) => [id, checked]));
}

export function mediaFaults(path: string, ids: readonly string[], found: PostMedia): FieldFault[] {
  return ids.flatMap((id, index) =>
    found.has(id) ? [] : [{ path: `${path}.${index}`, message: 'There is no such media.' }],
  );
}
