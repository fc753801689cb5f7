import { z } from 'zod';
import { cardDescription, cardExamples, CardOption } from '../content/link-card.ts';
import { linkedInCommentMax } from './text.ts';

export const LinkedInOptions = z.strictObject({
  visibility: z
    .enum(['public', 'connections', 'logged_in'])
    .optional()
    .meta({ description: 'Who sees it; an organization has no connections.', examples: ['connections'] }),
  card: CardOption.optional().meta({
    description: `${cardDescription} One picture beside a given card is the card’s.`,
    examples: cardExamples,
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
