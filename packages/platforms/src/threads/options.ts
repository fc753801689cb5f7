import { z } from 'zod';

export const ThreadsOptions = z.strictObject({
  /** Who may answer. Not given: everyone. */
  replyControl: z
    .enum(['everyone', 'accounts_you_follow', 'mentioned_only', 'parent_post_author_only', 'followers_only'])
    .optional(),
  /** One topic, without the sign. */
  topicTag: z
    .string()
    .trim()
    .regex(/^#?[^.&#\s][^.&]{0,49}$/u, {
      error: 'must have 1 to 50 characters, and neither a full stop nor an ampersand',
    })
    .optional(),
  /** Shown as a card below a post of text alone. */
  linkAttachment: z
    .url({ protocol: /^https?$/u, error: 'must be a web address' })
    .max(2_000)
    .optional(),
});
export type ThreadsOptions = z.infer<typeof ThreadsOptions>;
