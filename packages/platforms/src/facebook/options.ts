import { z } from 'zod';
import { facebookCommentMax } from './text.ts';

export const FacebookOptions = z.strictObject({
  /** A link to show below the text, with its card. Not beside pictures or videos. */
  link: z
    .url({ protocol: /^https?$/u, error: 'must be a web address' })
    .max(2_000)
    .optional(),
  /** How a video is shown. */
  videoAs: z.enum(['video', 'reel']).optional(),
  /** Title of a video. */
  title: z.string().max(255).optional(),
  /** Written below the post as soon as it is out. */
  firstComment: z.string().trim().min(1).max(facebookCommentMax).optional(),
});
export type FacebookOptions = z.infer<typeof FacebookOptions>;
