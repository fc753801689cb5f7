import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { blank, type BlankRange } from '../containers/blank-range.ts';
import { openByteSource } from '../containers/byte-source.ts';
import { readVideo, type VideoMimeType } from './probe-video.ts';

/**
 * Copies a video without what it says about its maker. The parts become free space of the same length, so that nothing else
 * moves: the picture and the sound stay bit for bit.
 * @throws MediaRefusedError where the file cannot be read
 */
export async function stripVideo(inputPath: string, outputPath: string, mimeType: VideoMimeType): Promise<void> {
  const ranges = metadataRanges(inputPath, mimeType);
  await copyFile(inputPath, outputPath, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await using file = await open(outputPath, 'r+');
  for (const range of ranges) await blank(file, range);
}

function metadataRanges(path: string, mimeType: VideoMimeType): readonly BlankRange[] {
  using source = openByteSource(path);
  return readVideo(source, mimeType).metadataRanges;
}
