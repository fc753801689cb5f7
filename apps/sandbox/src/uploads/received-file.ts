import { createHash } from 'node:crypto';
import { imageSize } from 'image-size';
import type { PostMedium } from '../state/posts.ts';
import { metadataOf } from './image-metadata.ts';
import { sizeOfJpeg } from './jpeg-size.ts';
import { typeInBytes } from './sniff-type.ts';

/** A file as it came in. What is beyond its beginning is counted and digested, and not kept. */
export class ReceivedFile {
  readonly mimeType: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Its first `headBytesMax` bytes. */
  readonly head: Buffer;

  constructor(facts: { mimeType: string; bytes: number; sha256: string; head: Buffer }) {
    this.mimeType = facts.mimeType;
    this.bytes = facts.bytes;
    this.sha256 = facts.sha256;
    this.head = facts.head;
  }
}

/** Holds a whole segment of a chunked upload, and the largest picture that a platform takes. */
export const headBytesMax = 16 * 1024 * 1024;
export const fileBytesMax = 110 * 1024 * 1024;

export async function receiveFile(source: AsyncIterable<Buffer>, mimeType: string): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  const head: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    if (bytes < headBytesMax) head.push(chunk.subarray(0, headBytesMax - bytes));
    bytes += chunk.byteLength;
    if (bytes > fileBytesMax) throw Object.assign(new Error('Request body is too large'), { statusCode: 413 });
    hash.update(chunk);
  }
  return new ReceivedFile({ mimeType, bytes, sha256: hash.digest('hex'), head: Buffer.concat(head) });
}

/** What followers are told of a file; sizes are read from the bytes of images. */
export function mediumOf(file: ReceivedFile, alt: string | null): PostMedium {
  const { bytes, sha256 } = file;
  const size = sizeOfImage(file.head);
  const { kinds: metadata, orientation } = metadataOf(file.head);
  const [width, height] = [size?.width ?? null, size?.height ?? null];
  return { type: kindOf(file.mimeType), bytes, sha256, width, height, alt, orientation, metadata };
}

export function kindOf(mimeType: string): 'image' | 'video' {
  return mimeType.startsWith('video/') ? 'video' : 'image';
}

/** Undefined where the bytes are no image. */
export function sizeOfImage(head: Buffer): { width: number; height: number; type: string } | undefined {
  // Read here, because `image-size` wants a segment ahead of the frame.
  if (typeInBytes(head) === 'image/jpeg') {
    const size = sizeOfJpeg(head);
    return size === undefined ? undefined : { ...size, type: 'jpg' };
  }
  try {
    const { width, height, type = '' } = imageSize(head);
    return { width, height, type };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
