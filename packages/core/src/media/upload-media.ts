import { randomBytes } from 'node:crypto';
import { altCharactersMax, type Media, type MediaFacts } from '@vibetribe/contracts/media';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import type { ReceivedFile } from '@vibetribe/media/upload/receive-upload';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { mediaFault, tellingMediaFaults } from './media-fault.ts';
import { lockMediaUse, readMediaUse } from './media-quota.ts';
import { type MediaObjectRow, presentMedia } from './present-media.ts';

export interface UploadMedia {
  readonly file: Pick<ReceivedFile, 'path' | 'bytes' | 'sha256' | 'mimeType' | 'fileName'>;
  readonly alt: string | null;
}

export type UploadDependencies = Pick<
  MediaDependencies,
  'db' | 'clock' | 'logger' | 'media' | 'mediaUrls' | 'mediaQuotaBytes'
>;

const triesMax = 3;

/**
 * Looks into a received file and stores it. Its content is known to the database before it is in the store: a crash leaves no
 * file that nobody knows of. Content that the organization has already is not stored again.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the media
 * @throws DomainError `unsupported_media_type`, `validation_failed`, `quota_exceeded`, `unavailable`
 */
export async function uploadMedia(
  deps: UploadDependencies,
  actor: Actor,
  { file, alt }: UploadMedia,
  beforeCommit?: (tx: Transaction, stored: Media) => Promise<void>,
): Promise<Media> {
  requireRight(actor, 'media:write');
  refuseLongAlt(alt);
  const facts = await tellingMediaFaults(() =>
    deps.media.inspector.inspect({ kind: 'probe', path: file.path, mimeType: file.mimeType }, actor.organizationId),
  );
  const insert = (tx: Transaction, object: MediaObjectRow) =>
    insertMedia(deps, tx, actor, { file, alt, object, beforeCommit });
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const reserved = await deps.db.asTenant(actor.organizationId, async (tx) => {
      const object = await reserve(deps, tx, actor, file, facts);
      return object.storedAt === null ? { object, stored: null } : { object, stored: await insert(tx, object) };
    });
    if (reserved.stored !== null) return reserved.stored;
    const { object } = reserved;
    await put(deps, file.path, object);
    const stored = await deps.db.asTenant(actor.organizationId, async (tx) => {
      const kept = await markStored(tx, object);
      return kept === null ? null : insert(tx, kept);
    });
    if (stored !== null) return stored;
    // Another upload of the same content was deleted meanwhile, and took the file with it.
  }
  throw new DomainError('unavailable', 'The same file is being deleted. Try again.', { retryAfterSeconds: 1 });
}

/** The organization's record of this content: a new one within its quota, or the one it has. */
async function reserve(
  deps: UploadDependencies,
  tx: Transaction,
  actor: Actor,
  { sha256, bytes, mimeType }: UploadMedia['file'],
  facts: MediaFacts,
): Promise<MediaObjectRow> {
  const { organizationId, userId } = actor;
  const { store } = deps.media;
  await lockMediaUse(tx, organizationId);
  const [known] = await tx
    .update(mediaObjects)
    .set({ touchedAt: sql`clock_timestamp()` })
    .where(
      and(
        eq(mediaObjects.organizationId, organizationId),
        eq(mediaObjects.store, store.id),
        eq(mediaObjects.sha256, sha256),
      ),
    )
    .returning();
  if (known !== undefined) return known;
  const { storedBytes, bytesMax } = await readMediaUse(tx, organizationId, deps.mediaQuotaBytes);
  if (storedBytes + bytes > bytesMax) {
    throw new DomainError(
      'quota_exceeded',
      `The organization keeps ${storedBytes} of ${bytesMax} bytes; this file has ${bytes}.`,
    );
  }
  const storeKey = store.keyFor({ organizationId, userId, sha256, mimeType, at: deps.clock.now() });
  const values = {
    id: newId('mediaObject'),
    organizationId,
    store: store.id,
    storeKey,
    mimeType,
    bytes,
    sha256,
    facts,
  };
  const [created] = await tx.insert(mediaObjects).values(values).returning();
  if (created === undefined) throw new Error('an insert returned no row');
  return created;
}

async function put(deps: UploadDependencies, path: string, object: MediaObjectRow): Promise<void> {
  try {
    await deps.media.store.put(path, { key: object.storeKey, mimeType: object.mimeType });
  } catch (error) {
    await release(deps, object);
    throw mediaFault(error);
  }
}

/** Gives the room back at once; were it not for this, the next collection would. */
async function release({ db, logger }: UploadDependencies, { id, organizationId }: MediaObjectRow): Promise<void> {
  try {
    await db.asTenant(organizationId, (tx) =>
      tx.delete(mediaObjects).where(and(eq(mediaObjects.id, id), isNull(mediaObjects.storedAt))),
    );
  } catch (error) {
    logger.warn({ err: error, objectId: id }, 'a failed upload still counts against its quota until it is collected');
  }
}

/** Null where the record was collected meanwhile. */
async function markStored(tx: Transaction, { id }: MediaObjectRow): Promise<MediaObjectRow | null> {
  const [kept] = await tx
    .update(mediaObjects)
    .set({ storedAt: sql`coalesce(${mediaObjects.storedAt}, clock_timestamp())` })
    .where(eq(mediaObjects.id, id))
    .returning();
  return kept ?? null;
}

async function insertMedia(
  deps: Pick<UploadDependencies, 'mediaUrls'>,
  tx: Transaction,
  { organizationId, userId }: Actor,
  {
    file,
    alt,
    object,
    beforeCommit,
  }: UploadMedia & {
    object: MediaObjectRow;
    beforeCommit: ((tx: Transaction, stored: Media) => Promise<void>) | undefined;
  },
): Promise<Media> {
  const { kind, width, height, durationMs } = object.facts;
  const [row] = await tx
    .insert(media)
    .values({
      id: newId('media'),
      organizationId,
      publicId: randomBytes(16).toString('base64url'),
      kind,
      mimeType: object.mimeType,
      bytes: object.bytes,
      sha256: object.sha256,
      width,
      height,
      durationMs,
      alt,
      objectId: object.id,
      fileName: file.fileName,
      uploadedBy: userId,
    })
    .returning();
  if (row === undefined) throw new Error('an insert returned no row');
  const stored = presentMedia(deps.mediaUrls, row, object);
  await beforeCommit?.(tx, stored);
  return stored;
}

function refuseLongAlt(alt: string | null): void {
  if (alt === null || alt.length <= altCharactersMax) return;
  throw new DomainError('validation_failed', 'The alternative text is too long.', {
    errors: [{ path: 'alt', message: `must have at most ${altCharactersMax} characters` }],
  });
}
