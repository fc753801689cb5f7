import { newId } from '@vibetribe/db/new-id';
import type { PostTestHarness } from './test-harness.ts';

/** Pictures of one pixel that no store has. */
export async function addPictures(
  harness: Pick<PostTestHarness, 'sql'>,
  organizationId: string,
  count: number,
): Promise<string[]> {
  const objectId = newId('media');
  const facts = {
    kind: 'image',
    mimeType: 'image/png',
    bytes: 1,
    width: 1,
    height: 1,
    orientation: 1,
    animated: false,
    frames: 1,
  };
  await harness.sql(
    `insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, stored_at)
     values ($1, $2, 'local', $1, 'image/png', 1, $1, $3, now())`,
    [objectId, organizationId, JSON.stringify({ ...facts, alpha: false, durationMs: null, hasMetadata: false })],
  );
  const ids = Array.from({ length: count }, () => newId('media'));
  for (const id of ids) {
    await harness.sql(
      `insert into media (id, organization_id, public_id, kind, mime_type, bytes, sha256, object_id) values ($1, $2, $1, 'image', 'image/png', 1, $3, $3)`,
      [id, organizationId, objectId],
    );
  }
  return ids;
}
