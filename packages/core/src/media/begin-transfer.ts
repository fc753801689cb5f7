import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { mediaTransfers } from '@vibetribe/db/schema/media';
import type { UploadRoom } from '@vibetribe/media/upload/receive-upload';
import { eq, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { bytesLeft, lockMediaUse, readMediaUse } from './media-quota.ts';

/** A file on its way in: what it takes of the disk counts against the quota from its first byte. Disposing gives the room back. */
export interface Transfer extends UploadRoom, AsyncDisposable {
  /** Gives the room back together with what a transaction takes for the file's record. */
  release(tx: Transaction): Promise<void>;
}

/** Room is taken in steps: a photo takes one or two. */
const stepsBytes = [1, 4, 16].map((megabytes) => megabytes * 1024 * 1024);

/** Nothing is written before the first byte comes. */
export function beginTransfer(
  deps: Pick<MediaDependencies, 'db' | 'logger' | 'media' | 'mediaQuotaBytes'>,
  actor: Actor,
): Transfer {
  requireRight(actor, 'media:write');
  const id = newId('mediaTransfer');
  const { organizationId } = actor;
  let takenBytes = 0;
  let steps = 0;

  const release = async (tx: Transaction) => {
    await tx.delete(mediaTransfers).where(eq(mediaTransfers.id, id));
  };

  return {
    async take(bytes) {
      if (bytes <= takenBytes) return;
      const step = stepsBytes[Math.min(steps, stepsBytes.length - 1)] ?? 0;
      steps += 1;
      const wanted = Math.max(bytes - takenBytes, step);
      await deps.media.disk.require(wanted);
      takenBytes += await deps.db.asTenant(organizationId, (tx) =>
        takeRoom(tx, deps.mediaQuotaBytes, { id, organizationId, needed: bytes - takenBytes, wanted }),
      );
    },
    release,
    async [Symbol.asyncDispose]() {
      if (takenBytes === 0) return;
      try {
        await deps.db.asTenant(organizationId, release);
      } catch (error) {
        deps.logger.warn({ err: error, transferId: id }, 'the room of an upload is given back only when it is too old');
      }
    },
  };
}

/** @returns how much was taken: as much as is wanted and left, and what is needed at least */
async function takeRoom(
  tx: Transaction,
  defaultBytesMax: number,
  { id, organizationId, needed, wanted }: { id: string; organizationId: string; needed: number; wanted: number },
): Promise<number> {
  await lockMediaUse(tx, organizationId);
  const use = await readMediaUse(tx, organizationId, defaultBytesMax);
  const left = bytesLeft(use);
  if (left < needed) {
    throw new DomainError(
      'quota_exceeded',
      `The organization keeps ${use.storedBytes} of ${use.bytesMax} bytes, and ${use.arrivingBytes} are on their way; this file needs more than the ${left} that are left.`,
    );
  }
  const bytes = Math.min(wanted, left);
  await tx
    .insert(mediaTransfers)
    .values({ id, organizationId, bytes })
    .onConflictDoUpdate({
      target: mediaTransfers.id,
      set: { bytes: sql`${mediaTransfers.bytes} + ${bytes}` },
    });
  return bytes;
}
