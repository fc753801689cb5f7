import { refuse } from '../graph/answers.ts';
import { mediumOf, sizeOfImage, type ReceivedFile } from '../uploads/received-file.ts';
import type { PostMedium } from '../state/posts.ts';
import { imageBytesMax, imageWidthMin, ratioMax, videoBytesMax } from './limits.ts';

/** A picture is looked at when its container is made. @throws {RefusalError} */
export function imageOf(file: ReceivedFile | null, alt: string | null): PostMedium {
  if (file === null) {
    throw refuse({ code: 1, subcode: 2_207_052, message: 'The media could not be fetched from this URI.' });
  }
  if (file.bytes > imageBytesMax)
    throw refuse({ code: 36_000, subcode: 2_207_004, message: 'The image is too large.' });
  const size = sizeOfImage(file.head);
  if (size === undefined || (size.type !== 'jpg' && size.type !== 'png')) {
    throw refuse({ code: 36_001, subcode: 2_207_005, message: 'The image format is not supported.' });
  }
  const ratio = size.width / size.height;
  if (size.width < imageWidthMin || Math.max(ratio, 1 / ratio) > ratioMax) {
    throw refuse({ code: 36_003, subcode: 2_207_009, message: 'The aspect ratio or width is not supported.' });
  }
  return { ...mediumOf(file, alt), type: 'image' };
}

/** A video is looked at while its container is in progress: what is wrong with it is told there. */
export function videoOf(file: ReceivedFile | null, alt: string | null): { medium: PostMedium } | { fault: string } {
  if (file === null) return { fault: 'FAILED_DOWNLOADING_VIDEO' };
  const box = file.head.toString('latin1', 4, 8);
  if (file.bytes > videoBytesMax || (box !== 'ftyp' && box !== 'moov')) return { fault: 'FAILED_PROCESSING_VIDEO' };
  return { medium: { ...mediumOf(file, alt), type: 'video' } };
}
