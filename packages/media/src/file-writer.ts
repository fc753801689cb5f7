import type { FileHandle } from 'node:fs/promises';

/**
 * Writes a file from its beginning to its end: many small pieces in few system calls, while the next ones are on their way.
 * Disposing waits for the call that is under way: only then may the file be closed.
 */
export interface FileWriter extends AsyncDisposable {
  /** Resolves when more may come; at most two batches are held. Rejects where the disk refuses, for this piece or an earlier one. */
  write(piece: Buffer): Promise<void>;
  /** Resolves once everything is on disk. */
  finish(): Promise<void>;
}

const batchBytes = 512 * 1024;
const batchPieces = 256;
/** The disk begins early, so that little is left to wait for at the end. */
const syncEveryBatches = 32;

export function createFileWriter(file: FileHandle): FileWriter {
  let batch: Buffer[] = [];
  let bytes = 0;
  let batches = 0;
  let underWay: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    await underWay;
    const full = batch;
    batch = [];
    bytes = 0;
    batches += 1;
    const mustSync = batches % syncEveryBatches === 0;
    underWay = writeAll(file, full).then(() => (mustSync ? file.datasync() : undefined));
    // Told to whoever writes or finishes next.
    underWay.catch(() => undefined);
  }

  return {
    async write(piece) {
      batch.push(piece);
      bytes += piece.length;
      if (bytes >= batchBytes || batch.length >= batchPieces) await flush();
    },
    async finish() {
      await flush();
      await underWay;
      await file.datasync();
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([underWay]);
    },
  };
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let left: readonly Buffer[] = pieces.filter((piece) => piece.length > 0);
  while (left.length > 0) {
    const { bytesWritten } = await file.writev([...left]);
    left = behind(left, bytesWritten);
  }
}

/** What is left of the pieces after so many bytes of them. */
function behind(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let skipped = bytes;
  return pieces.flatMap((piece) => {
    const from = Math.min(skipped, piece.length);
    skipped -= from;
    return from === piece.length ? [] : [piece.subarray(from)];
  });
}
