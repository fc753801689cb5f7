import { refuse } from '../graph/answers.ts';
import { mediumOf, sizeOfImage, type ReceivedFile } from '../uploads/received-file.ts';
import type { PostMedium } from '../state/posts.ts';
import { imageBytesMax, ratioMax, ratioMin } from './limits.ts';

/** Codes of https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes */
const faults = {
  notFetched: { code: 9004, subcode: 2_207_052, message: 'Only photo or video can be accepted as media type.' },
  tooLarge: {
    code: 36_000,
    subcode: 2_207_004,
    message: 'The image is too large to download. It should be less than 8 MiB.',
  },
  format: { code: 36_001, subcode: 2_207_005, message: 'The image format is not supported.' },
  ratio: { code: 36_003, subcode: 2_207_009, message: 'The submitted image with aspect ratio cannot be published.' },
} as const;

/** A picture is looked at when its container is made. @throws {RefusalError} */
export function imageOf(file: ReceivedFile | null, alt: string | null, hasFreeShape: boolean): PostMedium {
  if (file === null) throw refuse(faults.notFetched);
  if (file.bytes > imageBytesMax) throw refuse(faults.tooLarge);
  const size = sizeOfImage(file.head);
  if (size?.type !== 'jpg') throw refuse(faults.format);
  const ratio = size.width / size.height;
  if (!hasFreeShape && (ratio < ratioMin - 0.01 || ratio > ratioMax + 0.01)) throw refuse(faults.ratio);
  return { ...mediumOf(file, alt), type: 'image' };
}

/** A video is looked at while its container is in progress: what is wrong with it is told there, by a code. */
export function videoOf(file: ReceivedFile | null): { medium: PostMedium } | { fault: number } {
  if (file === null) return { fault: 2_207_052 };
  const box = file.head.toString('latin1', 4, 8);
  if (box !== 'ftyp' && box !== 'moov') return { fault: 2_207_026 };
  return { medium: { ...mediumOf(file, null), type: 'video' } };
}
