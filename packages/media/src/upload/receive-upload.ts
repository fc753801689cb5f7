import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import type { FileDigest, FileDigests } from './file-digests.ts';
import { createFileWriter } from './file-writer.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { mediaTypes } from '../media-type.ts';
import { MediaStoreError } from '../store/media-store.ts';
import { isFullDisk } from '../system-error.ts';
import { sniffBytes, sniffType } from './sniff-type.ts';

/** A file in quarantine: its type is known by its first bytes, nothing else of it has been looked at. Disposing removes it. */
export interface ReceivedFile extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly mimeType: MediaMimeType;
  readonly fileName: string | null;
}

export interface Upload {
  /** Left where reading stopped and not destroyed: a refused part of a multipart body has to be drained for the next one to come. */
  readonly source: Readable;
  /** As its sender names it: kept to be shown, never believed. */
  readonly fileName: string | null;
  /** Asked before anything is written. Absent: there is room for everything. */
  readonly room?: UploadRoom | undefined;
}

export interface UploadRoom {
  /** Makes sure of so many bytes, from the file's first one. What it rejects with ends the upload. */
  take(bytes: number): Promise<void>;
}

/**
 * Writes an upload to a file of its own in `directory`, and holds one piece of it at a time. It stops at the first sign that the file will
 * not be taken: an unknown type, a byte too many. Whatever goes wrong, no file is left.
 * @throws MediaRefusedError where the file is at fault or its sender stopped; MediaStoreError `full`; whatever `room` rejects with
 */
export async function receiveUpload(
  upload: Upload,
  options: { readonly directory: string; readonly digests: FileDigests },
): Promise<ReceivedFile> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const path = join(options.directory, `${randomUUID()}.part`);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(path, { force: true }));
  const file = undo.adopt(await open(path, 'wx', 0o600), (handle) => handle.close());
  using digest = options.digests.begin(path);
  const { bytes, sha256, mimeType } = await tellingFullDisk(() => writeChecked(upload, file, digest));
  await file.close();
  undo.move();
  return {
    path,
    bytes,
    sha256,
    mimeType,
    fileName: upload.fileName,
    [Symbol.asyncDispose]: () => rm(path, { force: true }),
  };
}

async function writeChecked(
  upload: Upload,
  file: FileHandle,
  digest: FileDigest,
): Promise<{ bytes: number; sha256: string; mimeType: MediaMimeType }> {
  await using writer = createFileWriter(file, { onWritten: (written) => digest.reached(written) });
  let head: Buffer = Buffer.alloc(0);
  let mimeType: MediaMimeType | null = null;
  let bytes = 0;
  for await (const chunk of withSenderFaults(upload.source)) {
    bytes += chunk.length;
    if (mimeType !== null) {
      refuseTooLarge(bytes, mimeType);
      await upload.room?.take(bytes);
      await writer.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < sniffBytes) continue;
    mimeType = admit(head);
    refuseTooLarge(bytes, mimeType);
    await upload.room?.take(bytes);
    await writer.write(head);
  }
  if (bytes === 0) throw new MediaRefusedError('empty', 'The file is empty.');
  if (mimeType === null) {
    mimeType = admit(head);
    await upload.room?.take(bytes);
    await writer.write(head);
  }
  // The one copy of it is about to be promised to somebody.
  await writer.finish();
  return { bytes, sha256: await digest.finish(bytes), mimeType };
}

async function tellingFullDisk<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if (!isFullDisk(cause)) throw cause;
    throw new MediaStoreError('full', 'The disk that files are kept on is full.', { cause });
  }
}

async function* withSenderFaults(source: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) yield chunk;
  } catch (cause) {
    throw new MediaRefusedError('aborted', 'The upload stopped before its end.', { cause });
  }
}

function admit(head: Buffer): MediaMimeType {
  const sniffed = sniffType(head);
  if (sniffed.mimeType === null) {
    const taken = Object.keys(mediaTypes).join(', ');
    const looks =
      sniffed.name === null ? 'It is of no type that is taken' : `It looks like ${sniffed.name}, which is not taken`;
    const remedy = sniffed.remedy === null ? '' : `: ${sniffed.remedy}`;
    throw new MediaRefusedError('type_unknown', `${looks}${remedy}. Taken are ${taken}.`);
  }
  return sniffed.mimeType;
}

function refuseTooLarge(bytes: number, mimeType: MediaMimeType): void {
  const { kind, bytesMax } = mediaTypes[mimeType];
  if (bytes <= bytesMax) return;
  throw new MediaRefusedError(
    'too_large',
    `The file is larger than the ${bytesMax / 1024 / 1024} MB that a ${kind} may have.`,
  );
}
