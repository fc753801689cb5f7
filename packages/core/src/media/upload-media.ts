import { randomBytes } from 'node:crypto';
import { altCharactersMax, type Media } from '@vibetribe/contracts/media';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import type { ReceivedFile } from '@vibetribe/media/upload/receive-upload';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { Transfer } from './begin-transfer.ts';
import { removeMarked } from './collect-object.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { mediaFault, tellingMediaFaults } from './media-fault.ts';
import { bytesLeft, lockMediaUse, readMediaUse } from './media-quota.ts';
import { type MediaObjectRow, presentMedia } from './present-media.ts';

export interface UploadMedia {
  readonly file: Pick<ReceivedFile, 'path' | 'bytes' | 'sha256' | 'mimeType' | 'fileName'>;
  readonly alt: string | null;
  /** The room that the file has taken on its way in; null where it took none. */
  readonly transfer: Pick<Transfer, 'release'> | null;
}

export type UploadDependencies = Pick<
  MediaDependencies,
  'db' | 'clock' | 'logger' | 'media' | 'mediaUrls' | 'mediaQuotaBytes'
>;

const triesMax = 3;

/**
 * Looks into a received file and stores it. Its content is known to the database before it is in the store: a crash leaves no
 * file that nobody knows of. Content that the organization has already is not stored again, but where the store has lost it.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the media
 * @throws DomainError `unsupported_media_type`, `validation_failed`, `quota_exceeded`, `storage_full`, `unavailable`
 */
export async function uploadMedia(
  deps: UploadDependencies,
  actor: Actor,
  { file: received, alt, transfer }: UploadMedia,
  beforeCommit?: (tx: Transaction, stored: Media) => Promise<void>,
): Promise<Media> {
  requireRight(actor, 'media:write');
  refuseLongAlt(alt);
  const facts = await tellingMediaFaults(() =>
    deps.media.inspector.inspect(
      { kind: 'probe', path: received.path, mimeType: received.mimeType },
      actor.organizationId,
    ),
  );
  const file = await asInspected(deps, received, facts);
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const object = await deps.db.asTenant(actor.organizationId, async (tx) => {
      await lockMediaUse(tx, actor.organizationId);
      await transfer?.release(tx);
      return reserve(deps, tx, actor, file, facts);
    });
    if (!(await isStored(deps, object))) await put(deps, file.path, object);
    const stored = await deps.db.asTenant(actor.organizationId, async (tx) => {
      const kept = await markStored(tx, object);
      return kept === null ? null : insertMedia(deps, tx, actor, { file, alt, object: kept, beforeCommit });
    });
    if (stored !== null) return stored;
    // Its record was marked meanwhile: another upload of the same content was deleted, or could not be stored.
    await removeQuietly(deps, object);
  }
  throw new DomainError('unavailable', 'The same file is being deleted. Try again.', { retryAfterSeconds: 1 });
}

/** Its inside tells its type, and what may not be kept of it is cut off by now. */
async function asInspected(
  { media: { digests } }: UploadDependencies,
  file: UploadMedia['file'],
  { mimeType, bytes }: MediaFacts,
): Promise<UploadMedia['file']> {
  if (bytes === file.bytes) return { ...file, mimeType };
  using digest = digests.begin(file.path);
  return { ...file, mimeType, bytes, sha256: await digest.finish(bytes) };
}

/** A store that cannot tell is believed to have it. */
async function isStored({ media: { store }, logger }: UploadDependencies, object: MediaObjectRow): Promise<boolean> {
  if (object.storedAt === null) return false;
  try {
    return await store.has({ key: object.storeKey, mimeType: object.mimeType }, object.bytes);
  } catch (error) {
    logger.warn({ err: error, objectId: object.id }, 'the store does not tell whether it has a file');
    return true;
  }
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
  const [known] = await tx
    .update(mediaObjects)
    .set({ touchedAt: sql`clock_timestamp()` })
    .where(
      and(
        eq(mediaObjects.organizationId, organizationId),
        eq(mediaObjects.store, store.id),
        eq(mediaObjects.sha256, sha256),
        isNull(mediaObjects.removingAt),
      ),
    )
    .returning();
  if (known !== undefined) return known;
  const use = await readMediaUse(tx, organizationId, deps.mediaQuotaBytes);
  if (bytes > bytesLeft(use)) {
    throw new DomainError(
      'quota_exceeded',
      `The organization keeps ${use.storedBytes} of ${use.bytesMax} bytes, and ${use.arrivingBytes} are on their way; this file has ${bytes}.`,
    );
  }
  const id = newId('mediaObject');
  const storeKey = store.keyFor({ organizationId, userId, sha256, id, mimeType, at: deps.clock.now() });
  const values = {
    id,
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

/** Gives the room back at once, and whatever the store may have taken; were it not for this, the next collection would. */
async function release(deps: UploadDependencies, { id, organizationId }: MediaObjectRow): Promise<void> {
  try {
    const [marked] = await deps.db.asTenant(organizationId, (tx) =>
      tx
        .update(mediaObjects)
        .set({ removingAt: sql`clock_timestamp()` })
        .where(and(eq(mediaObjects.id, id), isNull(mediaObjects.storedAt), isNull(mediaObjects.removingAt)))
        .returning(),
    );
    if (marked !== undefined) await removeMarked(deps, marked);
  } catch (error) {
    deps.logger.warn({ err: error, objectId: id }, 'what is left of a failed upload is for the next collection');
  }
}

/** What was put under a key whose record is gone by now would be known to nobody. */
async function removeQuietly({ media: { store }, logger }: UploadDependencies, object: MediaObjectRow): Promise<void> {
  try {
    await store.remove({ key: object.storeKey, mimeType: object.mimeType });
  } catch (error) {
    logger.warn({ err: error, storeKey: object.storeKey }, 'a file that has no record any more is still in the store');
  }
}

/** Null where the record was marked or deleted meanwhile. */
async function markStored(tx: Transaction, { id }: MediaObjectRow): Promise<MediaObjectRow | null> {
  const [kept] = await tx
    .update(mediaObjects)
    .set({ storedAt: sql`coalesce(${mediaObjects.storedAt}, clock_timestamp())` })
    .where(and(eq(mediaObjects.id, id), isNull(mediaObjects.removingAt)))
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
  }: Omit<UploadMedia, 'transfer'> & {
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
      ...(kind === 'document' ? {} : { width, height }),
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
