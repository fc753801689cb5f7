import { z } from 'zod';

const pollOptionMax = 25;
const replySettings = z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']);

/** https://docs.x.com/x-api/posts/create-post */
export const XOptions = z.strictObject({
  replySettings: replySettings
    .optional()
    .meta({ description: 'Who may answer. Not given: everyone.', examples: ['following'] }),
  poll: z
    .strictObject({
      options: z.array(z.string().trim().min(1).max(pollOptionMax)).min(2).max(4),
      durationMinutes: z.int().min(5).max(10_080),
    })
    .optional()
    .meta({
      description: 'Two to four answers. Not beside pictures, videos or a quote.',
      examples: [{ options: ['Tea', 'Coffee'], durationMinutes: 1_440 }],
    }),
  quote: z
    .string()
    .max(300)
    .refine((address) => quotedPostId(address) !== null, {
      error: 'must be the address of a post, such as https://x.com/ada/status/19',
    })
    .optional()
    .meta({
      description:
        'Address of the post to show below the text. Not beside pictures, videos or a poll. X allows it to some applications only.',
      examples: ['https://x.com/ada/status/19'],
    }),
  communityId: z
    .string()
    .regex(/^\d{1,19}$/u, { error: 'must be the id of a community, a number' })
    .optional()
    .meta({ description: 'Id of the community to post into.', examples: ['1146654567674912769'] }),
  shareWithFollowers: z
    .boolean()
    .optional()
    .meta({ description: 'Of a post into a community: shown to followers too.', examples: [true] }),
  madeWithAi: z
    .boolean()
    .optional()
    .meta({ description: 'Made with AI, and shown as such.', examples: [true] }),
  paidPartnership: z
    .boolean()
    .optional()
    .meta({ description: 'Paid for by somebody else, and shown as such.', examples: [true] }),
  longPost: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether the account may write up to 25,000 characters: X Premium. Not given: as X says of the account.',
      examples: [true],
    }),
});
export type XOptions = z.infer<typeof XOptions>;

export function quotedPostId(address: string): string | null {
  const found = /^https:\/\/(?:(?:www|mobile)\.)?(?:x|twitter)\.com\/\w{1,15}\/status\/(\d{1,19})(?:[/?#].*)?$/u.exec(
    address,
  );
  return found?.[1] ?? null;
}

/** What stands beside the text in the body of POST /2/tweets. */
export function bodyOptions(options: XOptions): Record<string, unknown> {
  const given = {
    reply_settings: options.replySettings,
    poll:
      options.poll === undefined
        ? undefined
        : { options: options.poll.options, duration_minutes: options.poll.durationMinutes },
    quote_tweet_id: options.quote === undefined ? undefined : (quotedPostId(options.quote) ?? undefined),
    community_id: options.communityId,
    share_with_followers: options.shareWithFollowers,
    made_with_ai: options.madeWithAi,
    paid_partnership: options.paidPartnership,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
