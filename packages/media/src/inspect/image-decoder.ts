import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { imagePixelsMax } from './image-limits.ts';

/**
 * Sets libvips up for untrusted files: the loaders of what we take and no other (no SVG, PDF, text), one thread, no cache. TIFF is
 * for what we write ourselves: nothing that begins like one gets here.
 * Once per process, before the first image.
 */
export function prepareDecoder(): void {
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: [
      'VipsForeignLoadJpeg',
      'VipsForeignLoadPng',
      'VipsForeignLoadWebp',
      'VipsForeignLoadNsgif',
      'VipsForeignLoadHeif',
      'VipsForeignLoadTiff',
    ],
  });
}

/** Opens a file's first frame, strictly and within the pixel limit. */
export function decodeImage(file: Buffer, options: SharpOptions = {}): Sharp {
  return sharp(file, { limitInputPixels: imagePixelsMax, failOn: 'error', pages: 1, sequentialRead: true, ...options });
}
