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
/** The disk begins early, beside the writing, so that little is left to wait for at the end. */
const syncEveryBatches = 8;

/** @param onWritten is told how much of the file others can read by now */
export function createFileWriter(
  file: FileHandle,
  { onWritten }: { readonly onWritten?: (bytes: number) => void } = {},
): FileWriter {
  let batch: Buffer[] = [];
  let bytes = 0;
  let batches = 0;
  let writtenBytes = 0;
  let underWay: Promise<void> = Promise.resolve();
  let syncing: Promise<void> | null = null;
  let syncFault: Error | null = null;

  /** The system tells a fault of the disk once, and no more at the end: it is kept for then. */
  function beginSync(): void {
    syncing ??= file
      .datasync()
      .catch((cause: unknown) => {
        syncFault ??= new Error('the disk did not take what was written', { cause });
      })
      .then(() => {
        syncing = null;
      });
  }

  async function flush(): Promise<void> {
    await underWay;
    const [full, fullBytes] = [batch, bytes];
    batch = [];
    bytes = 0;
    batches += 1;
    const mustSync = batches % syncEveryBatches === 0;
    underWay = writeAll(file, full).then(() => {
      writtenBytes += fullBytes;
      onWritten?.(writtenBytes);
      if (mustSync) beginSync();
    });
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
      await syncing;
      if (syncFault !== null) throw syncFault;
      await file.datasync();
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([underWay]);
      await syncing;
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
