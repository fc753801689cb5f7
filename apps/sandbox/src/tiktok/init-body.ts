import { z } from 'zod';
import { refuse, invalidParameter } from './answers.ts';
import { creatorInfo, privacyLevels } from './creators.ts';
import {
  captionUnitsMax,
  chunkBytes,
  chunksMax,
  photoDescriptionUnitsMax,
  photosMax,
  photoTitleUnitsMax,
  videoBytesMax,
} from './limits.ts';
import type { Admitted } from './admit.ts';

const flag = z.boolean().default(false);

export const PostInfo = z.strictObject({
  title: z.string().max(captionUnitsMax).default(''),
  description: z.string().max(photoDescriptionUnitsMax).default(''),
  privacy_level: z.enum(privacyLevels),
  disable_duet: flag,
  disable_comment: flag,
  disable_stitch: flag,
  video_cover_timestamp_ms: z.int().min(0).optional(),
  brand_content_toggle: flag,
  brand_organic_toggle: flag,
  is_aigc: flag,
  auto_add_music: flag,
});
export type PostInfo = z.infer<typeof PostInfo>;

const FileSource = z.strictObject({
  source: z.literal('FILE_UPLOAD'),
  video_size: z.int().min(1).max(videoBytesMax),
  chunk_size: z.int().min(1),
  total_chunk_count: z.int().min(1).max(chunksMax),
});

export const VideoInit = z.strictObject({ post_info: PostInfo, source_info: FileSource });
export const DraftInit = z.strictObject({ source_info: FileSource });
const Photos = z
  .array(z.url({ protocol: /^https?$/u }))
  .min(1)
  .max(photosMax);
const PhotoSource = z
  .strictObject({
    source: z.literal('PULL_FROM_URL'),
    photo_cover_index: z.int().min(0).default(0),
    photo_images: Photos,
  })
  .refine(({ photo_cover_index: cover, photo_images: photos }) => cover < photos.length, 'photo_cover_index');
const common = { source_info: PhotoSource, media_type: z.literal('PHOTO') };
const title = z.string().max(photoTitleUnitsMax).default('');
export const PhotoInit = z.discriminatedUnion('post_mode', [
  z.strictObject({ ...common, post_mode: z.literal('DIRECT_POST'), post_info: PostInfo.extend({ title }) }),
  z.strictObject({
    ...common,
    post_mode: z.literal('MEDIA_UPLOAD'),
    post_info: z.strictObject({ title, description: z.string().max(photoDescriptionUnitsMax).default('') }),
  }),
]);

/** @throws {RefusalError} 400 */
export function parse<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidParameter(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}

/** The arithmetic of chunks: https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide @throws {RefusalError} 400 */
export function checkChunks({
  video_size: size,
  chunk_size: chunk,
  total_chunk_count: count,
}: z.infer<typeof FileSource>): void {
  const last = size - chunk * (count - 1);
  const isWhole = count === 1 && chunk === size && size <= chunkBytes.max;
  const isSplit = count === Math.floor(size / chunk) && chunk >= chunkBytes.min && chunk <= chunkBytes.max;
  if (!isWhole && !(isSplit && last <= chunkBytes.lastMax)) throw invalidParameter('The total chunk count is invalid');
}

/** What its creator and its application allow. @throws {RefusalError} 400, 403 */
export function checkAllowed(info: PostInfo, { account, isAudited }: Admitted): void {
  const creator = creatorInfo(account);
  if (!isAudited && info.privacy_level !== 'SELF_ONLY')
    throw refuse(
      403,
      'unaudited_client_can_only_post_to_private_accounts',
      'Unaudited clients can only post to a private account.',
    );
  if (!creator.privacy_level_options.some((level) => level === info.privacy_level))
    throw refuse(403, 'privacy_level_option_mismatch', 'The privacy level is not one of the creator’s options.');
  if (info.brand_content_toggle && info.privacy_level === 'SELF_ONLY')
    throw invalidParameter('Branded content cannot be private.');
}
