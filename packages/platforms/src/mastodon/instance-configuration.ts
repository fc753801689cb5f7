import { z } from 'zod';
import type { ServerRules } from '../port/account.ts';

/** A limit that cannot be meant is as good as none. */
const limit = (max: number) => z.int().min(1).max(max).optional().catch(undefined);
const terabyte = 1024 ** 4;

/** The limits of https://docs.joinmastodon.org/entities/Instance/#configuration, read 2026-11; servers that only speak Mastodon's API leave some out. */
export const InstanceConfiguration = z.object({
  statuses: z.object({
    max_characters: z.int().min(1).max(100_000),
    characters_reserved_per_url: z.int().min(1).max(10_000),
    max_media_attachments: limit(100),
  }),
  media_attachments: z
    .object({
      description_limit: limit(100_000),
      supported_mime_types: z.array(z.string().max(100)).min(1).max(200).optional().catch(undefined),
      image_size_limit: limit(terabyte),
      image_matrix_limit: limit(1e12),
      video_size_limit: limit(terabyte),
      video_matrix_limit: limit(1e12),
      video_frame_rate_limit: limit(10_000),
    })
    .optional()
    .catch(undefined),
});

/** What is stored with the account. */
export function serverRulesIn({
  statuses,
  media_attachments: told,
}: z.infer<typeof InstanceConfiguration>): ServerRules {
  const media = {
    countMax: statuses.max_media_attachments,
    altCharactersMax: told?.description_limit,
    mimeTypes: told?.supported_mime_types,
    imageBytesMax: told?.image_size_limit,
    imagePixelsMax: told?.image_matrix_limit,
    videoBytesMax: told?.video_size_limit,
    videoPixelsMax: told?.video_matrix_limit,
    framesPerSecondMax: told?.video_frame_rate_limit,
  };
  const known = Object.entries(media).filter(([, value]) => value !== undefined);
  const { max_characters: textMax, characters_reserved_per_url: urlCharacters } = statuses;
  return { textMax, urlCharacters, ...(known.length === 0 ? {} : { media: Object.fromEntries(known) }) };
}
