import { z } from 'zod';
import { linkedInCommentMax } from './text.ts';

const webAddress = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);

export const LinkedInOptions = z.strictObject({
  /** Who sees it; an organization has no connections. */
  visibility: z.enum(['public', 'connections', 'logged_in']).optional(),
  /** A link below the text with its card. LinkedIn does not read the page: without a title its host is shown. One picture beside it is the card's. */
  card: z
    .union([
      z.literal('none'),
      z.strictObject({
        url: webAddress,
        title: z.string().trim().min(1).max(400).optional(),
        description: z.string().max(4_000).optional(),
      }),
    ])
    .optional(),
  /** Title of a video. */
  title: z.string().trim().min(1).max(400).optional(),
  /** Others may not share it on. */
  resharing: z.enum(['allowed', 'off']).optional(),
  /** Written below the post as soon as it is out. */
  firstComment: z.string().trim().min(1).max(linkedInCommentMax).optional(),
});
export type LinkedInOptions = z.infer<typeof LinkedInOptions>;

export type LinkedInCard = Exclude<LinkedInOptions['card'], 'none' | undefined>;

export function cardOf({ card }: LinkedInOptions): LinkedInCard | null {
  return card === undefined || card === 'none' ? null : card;
}
