import { z } from 'zod';
import { instagramCommentMax } from './text.ts';

const address = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);

export const InstagramOptions = z.strictObject({
  /** Not given: one video is a reel, everything else a post of the feed. */
  postAs: z.enum(['feed', 'reel', 'story']).optional(),
  /** Id of a page that is a place. */
  locationId: z
    .string()
    .regex(/^\d{1,30}$/u, { error: 'must be the id of a place, a number' })
    .optional(),
  /** Who is in the first picture, and where: 0 to 1 from its left and its top. */
  userTags: z
    .array(
      z.strictObject({
        username: z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/u, { error: 'must be a name on Instagram' }),
        x: z.number().min(0).max(1).optional(),
        y: z.number().min(0).max(1).optional(),
      }),
    )
    .max(20, { error: 'must not tag more than 20 people' })
    .optional(),
  /** Who is asked to show it as theirs too. */
  collaborators: z
    .array(z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/u, { error: 'must be a name on Instagram' }))
    .max(3, { error: 'must not name more than 3 people' })
    .optional(),
  /** Of a reel: where its cover is fetched from. */
  coverUrl: address.optional(),
  /** Of a reel: the moment that is its cover, ms from its beginning. */
  thumbOffsetMs: z
    .int()
    .min(0)
    .max(15 * 60_000)
    .optional(),
  /** Of a reel: shown in the feed too. */
  shareToFeed: z.boolean().optional(),
  /** Of a reel: name of its sound. */
  audioName: z.string().min(1).max(100).optional(),
  /** Of a reel: shown to people who do not follow first; when it is shown to all. */
  trial: z.enum(['manual', 'performance']).optional(),
  madeWithAi: z.boolean().optional(),
  /** Written below the post as soon as it is out. */
  firstComment: z.string().trim().min(1).max(instagramCommentMax).optional(),
});
export type InstagramOptions = z.infer<typeof InstagramOptions>;
