import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Transaction } from '@vibetribe/db/connect-database';
import { media } from '@vibetribe/db/schema/media';
import { and, eq, inArray } from 'drizzle-orm';
import type { Actor } from '../actor.ts';

export type MediaKind = 'image' | 'video';
/** By id; unknown and foreign ones are missing. */
export type PostMedia = ReadonlyMap<string, MediaKind>;

export async function readMedia(tx: Transaction, actor: Actor, ids: readonly string[]): Promise<PostMedia> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows = await tx
    .select({ id: media.id, kind: media.kind })
    .from(media)
    .where(and(eq(media.organizationId, actor.organizationId), inArray(media.id, wanted)));
  return new Map(rows.map((row) => [row.id, row.kind]));
}

export function mediaFaults(path: string, ids: readonly string[], found: PostMedia): FieldFault[] {
  return ids.flatMap((id, index) =>
    found.has(id) ? [] : [{ path: `${path}.${index}`, message: 'There is no such media.' }],
  );
}
