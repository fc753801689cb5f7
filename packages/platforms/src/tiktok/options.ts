import { z } from 'zod';
import { tiktokPhotoTitleMax } from './text.ts';

export const privacyLevels = [
  'PUBLIC_TO_EVERYONE',
  'MUTUAL_FOLLOW_FRIENDS',
  'FOLLOWER_OF_CREATOR',
  'SELF_ONLY',
] as const;

const flag = (description: string) =>
  z
    .boolean()
    .optional()
    .meta({ description, examples: [true] });

export const TikTokOptions = z.strictObject({
  postAs: z
    .enum(['post', 'draft'])
    .optional()
    .meta({
      description: 'A draft comes to the inbox of the creator, who posts it. Not given: a post.',
      examples: ['post'],
    }),
  privacyLevel: z
    .enum(privacyLevels)
    .optional()
    .meta({
      description:
        'Who sees it; it must be one that the creator’s settings allow, asked for before each post. Not given: everyone, else the first that is allowed.',
      examples: ['SELF_ONLY'],
    }),
  disableComment: flag('Nobody may comment.'),
  disableDuet: flag('Of a video: nobody may make duets with it.'),
  disableStitch: flag('Of a video: nobody may stitch it.'),
  brandContent: flag('It is paid for by somebody else: shown as a paid partnership. Not for SELF_ONLY.'),
  yourBrand: flag('It promotes the creator’s own business: shown as promotional content.'),
  madeWithAi: flag('Made with AI, and shown as such.'),
  coverOffsetMs: z
    .int()
    .min(0)
    .max(600_000)
    .optional()
    .meta({ description: 'Of a video: the moment that is its cover, ms from its beginning.', examples: [1_000] }),
  title: z
    .string()
    .trim()
    .min(1)
    .max(tiktokPhotoTitleMax)
    .optional()
    .meta({ description: 'Of photos: stands above the description.', examples: ['Three days in Norway'] }),
  photoCoverIndex: z
    .int()
    .min(0)
    .max(34)
    .optional()
    .meta({ description: 'Of photos: which one is the cover, from 0.', examples: [0] }),
  autoAddMusic: flag('Of photos: TikTok adds music of its own.'),
});
export type TikTokOptions = z.infer<typeof TikTokOptions>;
