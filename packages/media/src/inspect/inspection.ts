import { readFile, writeFile } from 'node:fs/promises';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { type AnimateImage, animateImage } from './animate-image.ts';
import { probeDocument } from './probe-document.ts';
import { probeImage } from './probe-image.ts';
import { probeVideo } from './probe-video.ts';
import { type RenderImage, type RenderedImage, renderImage } from './render-image.ts';
import { rewrapVideo } from './rewrap-video.ts';
import { stripImage } from './strip-image.ts';
import { stripVideo } from './strip-video.ts';

/** What is done with a file's inside, and only in a process that may be killed. */
export type Inspection =
  | { readonly kind: 'probe'; readonly path: string; readonly mimeType: MediaFacts['mimeType'] }
  | {
      readonly kind: 'strip';
      readonly inputPath: string;
      readonly outputPath: string;
      readonly mimeType: MediaFacts['mimeType'];
    }
  | { readonly kind: 'rewrap'; readonly inputPath: string; readonly outputPath: string }
  | ({ readonly kind: 'render' } & RenderImage)
  | ({ readonly kind: 'animate' } & AnimateImage);

export type InspectionResult<Kind extends Inspection['kind']> = {
  probe: MediaFacts;
  strip: null;
  rewrap: null;
  render: RenderedImage;
  animate: RenderedImage;
}[Kind];

/** @throws MediaRefusedError */
export async function inspect(inspection: Inspection): Promise<MediaFacts | RenderedImage | null> {
  switch (inspection.kind) {
    case 'probe':
      return refusingShortReads(() => probe(inspection.path, inspection.mimeType));
    case 'strip':
      await refusingShortReads(() => strip(inspection));
      return null;
    case 'rewrap':
      await refusingShortReads(() => rewrapVideo(inspection.inputPath, inspection.outputPath));
      return null;
    case 'render':
      return renderImage(inspection);
    case 'animate':
      return animateImage(inspection);
  }
}

/** A length in the file that points beyond its end. */
async function refusingShortReads<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MediaRefusedError('malformed', 'The file is broken or cut off.', { cause });
  }
}

async function probe(path: string, mimeType: MediaFacts['mimeType']): Promise<MediaFacts> {
  switch (mimeType) {
    case 'image/jpeg':
    case 'image/png':
    case 'image/gif':
    case 'image/webp':
    case 'image/heic':
    case 'image/avif':
      return probeImage(path, mimeType);
    case 'video/mp4':
    case 'video/mpeg':
    case 'video/quicktime':
    case 'video/webm':
      return probeVideo(path, mimeType);
    case 'application/pdf':
    case 'application/vnd.openxmlformats-officedocument.presentationml.presentation':
    case 'application/vnd.openxmlformats-officedocument.wordprocessingml.document':
    case 'application/vnd.ms-powerpoint':
    case 'application/msword':
      return probeDocument(path, mimeType);
  }
}

async function strip({ inputPath, outputPath, mimeType }: Extract<Inspection, { kind: 'strip' }>): Promise<void> {
  switch (mimeType) {
    case 'image/jpeg':
    case 'image/png':
    case 'image/gif':
    case 'image/webp':
    case 'image/heic':
    case 'image/avif':
      await writeFile(outputPath, stripImage(await readFile(inputPath), mimeType), { flag: 'wx', mode: 0o600 });
      break;
    case 'video/mp4':
    case 'video/mpeg':
    case 'video/quicktime':
    case 'video/webm':
      await stripVideo(inputPath, outputPath, mimeType);
      break;
    case 'application/pdf':
    case 'application/vnd.openxmlformats-officedocument.presentationml.presentation':
    case 'application/vnd.openxmlformats-officedocument.wordprocessingml.document':
    case 'application/vnd.ms-powerpoint':
    case 'application/msword':
      throw new Error('a document is sent as it is');
  }
}
