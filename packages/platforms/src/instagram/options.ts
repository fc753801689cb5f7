import { z } from 'zod';
import { instagramCommentMax } from './text.ts';

const address = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);

export const InstagramOptions = z.strictObject({
  postAs: z
    .enum(['feed', 'reel', 'story'])
    .optional()
    .meta({ description: 'Not given: one video is a reel, everything else a post of the feed.', examples: ['story'] }),
  locationId: z
    .string()
    .regex(/^\d{1,30}$/u, { error: 'must be the id of a place, a number' })
    .optional()
    .meta({ description: 'Id of a page that is a place.', examples: ['213385402'] }),
  userTags: z
    .array(
      z.strictObject({
        username: z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/u, { error: 'must be a name on Instagram' }),
        x: z.number().min(0).max(1).optional(),
        y: z.number().min(0).max(1).optional(),
      }),
    )
    .max(20, { error: 'must not tag more than 20 people' })
    .optional()
    .meta({
      description:
        'Who is in the first picture, and where: 0 to 1 from its left and its top, the middle where nothing is given.',
      examples: [[{ username: 'ada', x: 0.5, y: 0.2 }]],
    }),
  collaborators: z
    .array(z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/u, { error: 'must be a name on Instagram' }))
    .max(3, { error: 'must not name more than 3 people' })
    .optional()
    .meta({ description: 'Who is asked to show it as theirs too.', examples: [['ada']] }),
  coverUrl: address
    .optional()
    .meta({ description: 'Of a reel: where its cover is fetched from.', examples: ['https://example.com/cover.jpg'] }),
  thumbOffsetMs: z
    .int()
    .min(0)
    .max(15 * 60_000)
    .optional()
    .meta({ description: 'Of a reel: the moment that is its cover, ms from its beginning.', examples: [2_000] }),
  shareToFeed: z
    .boolean()
    .optional()
    .meta({ description: 'Of a reel: shown in the feed too.', examples: [true] }),
  audioName: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Of a reel: name of its sound.', examples: ['Kettle'] }),
  trial: z
    .enum(['manual', 'performance'])
    .optional()
    .meta({
      description: 'Of a reel: shown to people who do not follow first; when it is shown to all.',
      examples: ['manual'],
    }),
  madeWithAi: z
    .boolean()
    .optional()
    .meta({ description: 'Made with AI, and shown as such.', examples: [true] }),
  firstComment: z
    .string()
    .trim()
    .min(1)
    .max(instagramCommentMax)
    .optional()
    .meta({ description: 'Written below the post as soon as it is out.', examples: ['What do you drink?'] }),
});
export type InstagramOptions = z.infer<typeof InstagramOptions>;
