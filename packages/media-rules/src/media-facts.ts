import { z } from 'zod';

export const MediaKind = z.enum(['image', 'video', 'document']);
export type MediaKind = z.infer<typeof MediaKind>;

/** Every type that may be uploaded. */
export const MediaMimeType = z.enum([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/heic',
  'image/avif',
  'video/mp4',
  'video/mpeg',
  'video/quicktime',
  'video/webm',
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.ms-powerpoint',
  'application/msword',
]);
export type MediaMimeType = z.infer<typeof MediaMimeType>;

export type DocumentMimeType = Extract<MediaMimeType, `application/${string}`>;
export type OfficeMimeType = Exclude<DocumentMimeType, 'application/pdf'>;

/** What was read from the bytes. Sizes are upright: after the file's own orientation was applied; a document has none, and 0. */
export const MediaFacts = z.object({
  kind: MediaKind,
  mimeType: MediaMimeType,
  bytes: z.int(),
  width: z.int(),
  height: z.int(),
  /** EXIF orientation, 1 to 8; videos have 1, 3, 6 or 8. */
  orientation: z.int(),
  /** An image of several frames. */
  animated: z.boolean(),
  /** 1 for a still image, 0 for a video. */
  frames: z.int(),
  /** Something of it is transparent. */
  alpha: z.boolean(),
  /** Null for a still image. */
  durationMs: z.int().nullable(),
  framesPerSecond: z.number().nullable(),
  /** Of a video: `h264`, `hevc`, `vp9` and so on; an unknown one under its own four letters. */
  codec: z.string().nullable(),
  audioCodec: z.string().nullable(),
  /** Of a video, like the next four; absent or null: it is not known. `4:2:0` and so on. */
  chroma: z.string().nullable().optional(),
  /** Width of a pixel divided by its height. */
  pixelAspect: z.number().nullable().optional(),
  /** Of AAC: `lc`, `he`, `he-v2` and so on. */
  audioProfile: z.string().nullable().optional(),
  audioChannels: z.int().nullable().optional(),
  /** An MP4 with its index first can be made of it without touching its streams. */
  rewrappable: z.boolean().optional(),
  /** Of MP4 and QuickTime: the index stands before the data, so that a player may start before the end has arrived. */
  indexFirst: z.boolean().nullable(),
  /** The file carries data about its maker (camera, place, software, thumbnails), or its end is not as it should be. */
  hasMetadata: z.boolean(),
  /** An image that is shown wrongly, or not at all, where it is not encoded anew: of other colours than sRGB's, HEIC, AVIF. */
  mustRender: z.boolean().optional(),
  /** Of a document, where it tells. */
  pages: z.int().optional(),
});
export type MediaFacts = z.infer<typeof MediaFacts>;
