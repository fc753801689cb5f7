import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { invalidRequest, type RequestFault } from './answers.ts';

/** The body of POST /2/tweets as the OpenAPI description has it: nothing but these properties. */
export type TweetBody = z.infer<typeof TweetBody>;

/** @throws {RefusalError} 400, naming every parameter that is wrong */
export function parseTweetBody(body: unknown): TweetBody {
  const parsed = TweetBody.safeParse(body);
  if (!parsed.success) throw new RefusalError(invalidRequest(parsed.error.issues.flatMap(toFaults)));
  const given = exclusive.filter((name) => parsed.data[name] !== undefined);
  if (given.length > 1) {
    throw new RefusalError(
      invalidRequest([{ message: `Only one of ${exclusive.join(', ')} may be given.`, parameters: {} }]),
    );
  }
  return parsed.data;
}

const exclusive = ['poll', 'quote_tweet_id', 'media', 'card_uri', 'direct_message_deep_link'] as const;

const TweetId = z.string().regex(/^[0-9]{1,19}$/);
const UserId = TweetId;

const TweetBody = z.strictObject({
  text: z.string().optional(),
  media: z
    .strictObject({ media_ids: z.array(TweetId).min(1).max(4), tagged_user_ids: z.array(UserId).max(10).optional() })
    .optional(),
  poll: z
    .strictObject({
      options: z.array(z.string().min(1).max(25)).min(2).max(4),
      duration_minutes: z.int().min(5).max(10_080),
      reply_settings: z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']).optional(),
    })
    .optional(),
  reply: z
    .strictObject({
      in_reply_to_tweet_id: TweetId,
      exclude_reply_user_ids: z.array(UserId).optional(),
      auto_populate_reply_metadata: z.boolean().optional(),
    })
    .optional(),
  quote_tweet_id: TweetId.optional(),
  reply_settings: z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']).optional(),
  community_id: TweetId.optional(),
  share_with_followers: z.boolean().optional(),
  for_super_followers_only: z.boolean().optional(),
  made_with_ai: z.boolean().optional(),
  paid_partnership: z.boolean().optional(),
  geo: z.strictObject({ place_id: z.string().optional() }).optional(),
  edit_options: z.strictObject({ previous_post_id: TweetId }).optional(),
  card_uri: z.string().optional(),
  nullcast: z.boolean().optional(),
  direct_message_deep_link: z.string().optional(),
});

function toFaults(issue: z.core.$ZodIssue): RequestFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      fault([...issue.path, key], 'is not defined in the schema and the schema does not allow additional properties'),
    );
  }
  return [fault(issue.path, issue.message)];
}

function fault(path: readonly PropertyKey[], what: string): RequestFault {
  const name = ['$', ...path.map(String)].join('.');
  return { message: `[${name}: ${what}]`, parameters: { [path.map(String).join('.') || '$']: [what] } };
}
