import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { receiveFile, type ReceivedFile } from './received-file.ts';

/** Parts of files that are sent piece by piece, on disk until the whole is known. */
export type SegmentFiles = {
  write(upload: string, index: number, bytes: Buffer): void;
  /** The pieces put together, in the order given. */
  join(upload: string, indexes: readonly number[], mimeType: string): Promise<ReceivedFile>;
  drop(upload: string): void;
};

export function createSegmentFiles(directory: string): SegmentFiles {
  const placeOf = (upload: string) => join(directory, upload);
  return {
    write(upload, index, bytes) {
      mkdirSync(placeOf(upload), { recursive: true, mode: 0o700 });
      writeFileSync(join(placeOf(upload), String(index)), bytes, { mode: 0o600 });
    },
    join: (upload, indexes, mimeType) => receiveFile(piecesOf(placeOf(upload), indexes), mimeType),
    drop: (upload) => rmSync(placeOf(upload), { recursive: true, force: true }),
  };
}

async function* piecesOf(place: string, indexes: readonly number[]): AsyncGenerator<Buffer> {
  for (const index of indexes) yield await readFile(join(place, String(index)));
}
