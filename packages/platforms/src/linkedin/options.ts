import { z } from 'zod';
import { linkedInCommentMax } from './text.ts';

const webAddress = z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000);

export const LinkedInOptions = z.strictObject({
  visibility: z
    .enum(['public', 'connections', 'logged_in'])
    .optional()
    .meta({ description: 'Who sees it; an organization has no connections.', examples: ['connections'] }),
  card: z
    .union([
      z.literal('none'),
      z.strictObject({
        url: webAddress,
        title: z.string().trim().min(1).max(400).optional(),
        description: z.string().max(4_000).optional(),
      }),
    ])
    .optional()
    .meta({
      description:
        'A link below the text with its card. LinkedIn does not read the page: without a title its host is shown. One picture beside it is the card’s.',
      examples: [{ url: 'https://example.com/tea', title: 'How to make tea' }],
    }),
  title: z
    .string()
    .trim()
    .min(1)
    .max(400)
    .optional()
    .meta({
      description: 'Title of a video or a document. Without one a document has the first line of its text.',
      examples: ['How to make tea'],
    }),
  resharing: z
    .enum(['allowed', 'off'])
    .optional()
    .meta({ description: 'Whether others may share it on. Not given: yes.', examples: ['off'] }),
  firstComment: z
    .string()
    .trim()
    .min(1)
    .max(linkedInCommentMax)
    .optional()
    .meta({ description: 'Written below the post as soon as it is out.', examples: ['What do you drink?'] }),
});
export type LinkedInOptions = z.infer<typeof LinkedInOptions>;

export type LinkedInCard = Exclude<LinkedInOptions['card'], 'none' | undefined>;

export function cardOf({ card }: LinkedInOptions): LinkedInCard | null {
  return card === undefined || card === 'none' ? null : card;
}
