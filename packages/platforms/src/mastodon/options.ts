import { z } from 'zod';

const postAddress = z.url({ protocol: /^https?$/u, error: 'must be the address of a post' }).max(2_000);

/** A year; what an instance takes it says itself. */
const minutesMax = 365 * 24 * 60;

/** https://docs.joinmastodon.org/methods/statuses/#create */
export const MastodonOptions = z.strictObject({
  visibility: z
    .enum(['public', 'unlisted', 'private', 'direct'])
    .optional()
    .meta({ description: 'Who sees it. Not given: the account’s own default.', examples: ['unlisted'] }),
  spoilerText: z
    .string()
    .max(10_000)
    .optional()
    .meta({
      description: 'Content warning, shown in place of the text; it counts towards the text’s length.',
      examples: ['Spoilers of a film'],
    }),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(?:-[A-Za-z]{2,4})?$/u, { error: 'must be a language code such as en or zh-TW' })
    .optional()
    .meta({ description: 'ISO 639 code of the text’s language, with an optional region.', examples: ['de'] }),
  sensitive: z
    .boolean()
    .optional()
    .meta({ description: 'Pictures are hidden until somebody clicks on them.', examples: [true] }),
  poll: z
    .strictObject({
      options: z.array(z.string().trim().min(1).max(1_000)).min(2).max(100),
      durationMinutes: z.int().min(1).max(minutesMax),
      multiple: z.boolean().optional(),
      hideTotals: z.boolean().optional(),
    })
    .optional()
    .meta({
      description:
        'Not beside pictures or videos. How many answers, how long and for how long is the instance’s to say: mostly four of 50 characters, 5 minutes to a month.',
      examples: [{ options: ['Tea', 'Coffee'], durationMinutes: 1_440, multiple: false, hideTotals: true }],
    }),
  focalPoints: z
    .array(z.strictObject({ x: z.number().min(-1).max(1), y: z.number().min(-1).max(1) }))
    .max(20)
    .optional()
    .meta({
      description: 'What must not be cut off, of each picture in order: -1 (left, bottom) to 1 (right, top).',
      examples: [[{ x: 0, y: 0.5 }]],
    }),
  replyTo: postAddress.optional().meta({
    description: 'Address of the post that this one answers, on any server.',
    examples: ['https://mastodon.example/@ada/113000000000000001'],
  }),
  quote: postAddress.optional().meta({
    description: 'Address of the post to show below the text, on any server; from Mastodon 4.5.',
    examples: ['https://mastodon.example/@ada/113000000000000001'],
  }),
  quotePolicy: z
    .enum(['public', 'followers', 'nobody'])
    .optional()
    .meta({ description: 'Who may quote it; from Mastodon 4.5.', examples: ['followers'] }),
});
export type MastodonOptions = z.infer<typeof MastodonOptions>;

/** What stands beside the text in the body of POST /api/v1/statuses; the addresses of other posts are looked up first. */
export function bodyOptions({ poll, ...options }: MastodonOptions): Record<string, unknown> {
  const given = {
    visibility: options.visibility,
    spoiler_text: options.spoilerText,
    language: options.language,
    sensitive: options.sensitive,
    quote_approval_policy: options.quotePolicy,
    poll:
      poll === undefined
        ? undefined
        : {
            options: poll.options,
            expires_in: poll.durationMinutes * 60,
            ...(poll.multiple === undefined ? {} : { multiple: poll.multiple }),
            ...(poll.hideTotals === undefined ? {} : { hide_totals: poll.hideTotals }),
          },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
