import { z } from 'zod';

export const ThreadsOptions = z.strictObject({
  replyControl: z
    .enum(['everyone', 'accounts_you_follow', 'mentioned_only', 'parent_post_author_only', 'followers_only'])
    .optional()
    .meta({ description: 'Who may answer. Not given: everyone.', examples: ['followers_only'] }),
  topicTag: z
    .string()
    .trim()
    .regex(/^#?[^.&#\s][^.&]{0,49}$/u, {
      error: 'must have 1 to 50 characters, and neither a full stop nor an ampersand',
    })
    .optional()
    .meta({ description: 'One topic, without the sign.', examples: ['tea'] }),
  linkAttachment: z
    .url({ protocol: /^https?$/u, error: 'must be a web address' })
    .max(2_000)
    .optional()
    .meta({ description: 'Shown as a card below a post of text alone.', examples: ['https://example.com/tea'] }),
});
export type ThreadsOptions = z.infer<typeof ThreadsOptions>;
