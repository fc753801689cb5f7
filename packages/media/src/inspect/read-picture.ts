import { readFile } from 'node:fs/promises';
import { MediaRefusedError } from '../media-refused-error.ts';
import { sniffBytes, sniffType } from '../upload/sniff-type.ts';
import { type ImageLayout, type ImageMimeType, pictureOf, readImageLayout } from './read-image-layout.ts';

export interface Picture {
  readonly mimeType: ImageMimeType;
  readonly layout: ImageLayout;
  /** From its first byte to the mark of its end, and nothing else. */
  readonly bytes: Buffer;
}

/** Reads an image that was taken before. @throws MediaRefusedError where it is none */
export async function readPicture(path: string): Promise<Picture> {
  const file = await readFile(path);
  const { mimeType } = sniffType(file.subarray(0, sniffBytes));
  if (mimeType === null || !isImage(mimeType)) throw new MediaRefusedError('unsupported', 'The file is no picture.');
  const layout = readImageLayout(file, mimeType);
  return { mimeType, layout, bytes: pictureOf(file, mimeType, layout) };
}

function isImage(mimeType: string): mimeType is ImageMimeType {
  return mimeType.startsWith('image/');
}
