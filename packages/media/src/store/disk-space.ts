import { mkdir, statfs } from 'node:fs/promises';
import { MediaStoreError } from './media-store.ts';

/** Of the disk that files are written to, bytes. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Kept free for whatever else lives there, the database above all: nothing of ours is written below it. */
  readonly reserveBytes: number;
}

export interface DiskSpace {
  read(): Promise<DiskRoom>;
  /**
   * @param reserveShare of the reserve that has to be left: less than 1 for what has to go on when no more is taken in
   * @throws MediaStoreError `full` where so many bytes more would leave less
   */
  require(bytes: number, reserveShare?: number): Promise<void>;
  /** Never rejects. Ill before the database, which may live on the same disk, has no room left. */
  health(): Promise<DiskHealth>;
}

export interface DiskHealth extends Partial<DiskRoom> {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** One sentence for an operator. */
  readonly detail: string;
}

/** With less of the reserve than this, it is time for somebody to come. */
const illReserveShare = 0.25;

/** What is made for publishing and showing may take half of the reserve. */
export const renditionReserveShare = 0.5;

const reserveBytesUsual = 1024 ** 3;
/** A small disk keeps a smaller part of itself. */
const reserveShareMax = 0.1;

/**
 * @param directory made where it is missing
 * @param reserveBytes null: a gibibyte, or a tenth of a smaller disk
 */
export function createDiskSpace({
  directory,
  reserveBytes,
}: {
  readonly directory: string;
  readonly reserveBytes: number | null;
}): DiskSpace {
  async function read(): Promise<DiskRoom> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { bsize, blocks, bavail } = await statfs(directory);
    const totalBytes = bsize * blocks;
    return {
      totalBytes,
      freeBytes: bsize * bavail,
      reserveBytes: reserveBytes ?? Math.min(reserveBytesUsual, Math.floor(totalBytes * reserveShareMax)),
    };
  }

  return {
    read,
    async require(bytes, reserveShare = 1) {
      const room = await read();
      if (room.freeBytes - bytes < room.reserveBytes * reserveShare)
        throw new MediaStoreError('full', 'The disk that files are kept on is full.');
    },
    async health() {
      const startedAtMs = performance.now();
      const latencyMs = () => Math.round(performance.now() - startedAtMs);
      try {
        const room = await read();
        return {
          ok: room.freeBytes >= room.reserveBytes * illReserveShare,
          latencyMs: latencyMs(),
          detail: detailOf(room),
          ...room,
        };
      } catch {
        return { ok: false, latencyMs: latencyMs(), detail: `${directory} cannot be read` };
      }
    },
  };
}

function detailOf({ freeBytes, reserveBytes }: DiskRoom): string {
  if (freeBytes >= reserveBytes) return 'there is room for files';
  if (freeBytes >= reserveBytes * renditionReserveShare) return 'little room is left: no files are taken';
  return 'hardly any room is left: no files are taken, and posts with pictures wait';
}
