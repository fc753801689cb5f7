import { MediaFacts, MediaKind, MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { z } from 'zod';
import { Problem } from './error-code.ts';

export const Media = z.object({
  id: z.string(),
  publicId: z.string(),
  url: z.string(),
  type: MediaKind,
  mimeType: z.string(),
  bytes: z.int(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  durationMs: z.int().nullable(),
  alt: z.string().nullable(),
  createdAt: z.iso.datetime({ offset: true }),
  details: MediaFacts.pick({
    animated: true,
    alpha: true,
    framesPerSecond: true,
    codec: true,
    audioCodec: true,
    pages: true,
  }).nullable(),
});
export type Media = z.infer<typeof Media>;

export const altCharactersMax = 5_000;

export const UpdateMedia = z.strictObject({ alt: z.string().max(altCharactersMax).nullable() });
export type UpdateMedia = z.infer<typeof UpdateMedia>;

export const UploadFromUrl = z.strictObject({
  /** The file itself, not a page that shows it. */
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  alt: z.string().max(altCharactersMax).nullable().optional(),
});
export type UploadFromUrl = z.infer<typeof UploadFromUrl>;

/** One entry per file, in the order they were sent; `items` are the ones that were stored. */
export const MediaUploads = z.object({
  items: z.array(Media),
  results: z.array(
    z.object({
      index: z.int(),
      fileName: z.string().nullable(),
      status: z.int(),
      media: Media.optional(),
      problem: Problem.optional(),
    }),
  ),
});
export type MediaUploads = z.infer<typeof MediaUploads>;

export const MediaFormat = z.enum(['auto', 'jpeg', 'png', 'webp']);
export type MediaFormat = z.infer<typeof MediaFormat>;

const edgePixelsMax = 8192;

export const OptimizeUrl = z.strictObject({
  publicId: z.string().min(1).max(200),
  /** Fitted inside, never enlarged. */
  width: z.int().min(1).max(edgePixelsMax).optional(),
  height: z.int().min(1).max(edgePixelsMax).optional(),
  quality: z.int().min(1).max(100).optional(),
  format: MediaFormat.optional(),
});
export type OptimizeUrl = z.infer<typeof OptimizeUrl>;

export const OptimizedUrl = z.object({ url: z.string(), expiresAt: z.iso.datetime({ offset: true }).nullable() });
export type OptimizedUrl = z.infer<typeof OptimizedUrl>;

const CountAndBytes = z.object({ count: z.int(), bytes: z.int() });

export const MediaStats = z.object({
  total: CountAndBytes,
  byType: z.object({ image: CountAndBytes, video: CountAndBytes, document: CountAndBytes }),
  /** Used by no post that still exists. */
  unused: CountAndBytes,
  /** Stored bytes; the same content counts once. */
  storedBytes: z.int(),
  quota: z.object({ bytesMax: z.int(), bytesLeft: z.int() }),
});
export type MediaStats = z.infer<typeof MediaStats>;

export const MediaConfig = z.object({
  store: z.enum(['local', 'cloudinary']),
  filesMax: z.int(),
  image: z.object({ mimeTypes: z.array(MediaMimeType), bytesMax: z.int(), pixelsMax: z.int(), framesMax: z.int() }),
  video: z.object({ mimeTypes: z.array(MediaMimeType), bytesMax: z.int() }),
  document: z.object({ mimeTypes: z.array(MediaMimeType), bytesMax: z.int() }),
  quotaBytesMax: z.int(),
});
export type MediaConfig = z.infer<typeof MediaConfig>;
