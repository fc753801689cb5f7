import { z } from 'zod';
import { facebookCommentMax } from './text.ts';

export const FacebookOptions = z.strictObject({
  link: z
    .url({ protocol: /^https?$/u, error: 'must be a web address' })
    .max(2_000)
    .optional()
    .meta({
      description: 'A link to show below the text, with its card. Not beside pictures or videos.',
      examples: ['https://example.com/tea'],
    }),
  videoAs: z
    .enum(['video', 'reel'])
    .optional()
    .meta({ description: 'How a video is shown.', examples: ['reel'] }),
  title: z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Title of a video.', examples: ['How to make tea'] }),
  firstComment: z
    .string()
    .trim()
    .min(1)
    .max(facebookCommentMax)
    .optional()
    .meta({ description: 'Written below the post as soon as it is out.', examples: ['What do you drink?'] }),
});
export type FacebookOptions = z.infer<typeof FacebookOptions>;
