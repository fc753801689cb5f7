import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { type ByteSource, openByteSource } from '../containers/byte-source.ts';
import { readIsobmff } from '../containers/read-isobmff.ts';
import { readMpeg } from '../containers/read-mpeg.ts';
import { readWebm } from '../containers/read-webm.ts';
import { videoFacts, type VideoReading } from './video-facts.ts';

export type VideoMimeType = Extract<MediaFacts['mimeType'], `video/${string}`>;

/** Reads a video's facts from its header; no picture is decoded. @throws MediaRefusedError */
export function probeVideo(path: string, mimeType: VideoMimeType): MediaFacts {
  using source = openByteSource(path);
  return videoFacts(readVideo(source, mimeType), { mimeType, bytes: source.bytes });
}

/** @throws MediaRefusedError */
export function readVideo(source: ByteSource, mimeType: VideoMimeType): VideoReading {
  switch (mimeType) {
    case 'video/mp4':
    case 'video/quicktime':
      return readIsobmff(source);
    case 'video/webm':
      return readWebm(source);
    case 'video/mpeg':
      return readMpeg(source);
  }
}
