import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { apiError, validationFailed } from './answers.ts';

export type StatusBody = z.infer<typeof StatusBody>;

/** Unknown parameters are ignored, as the real one does. @throws {RefusalError} 422 */
export function parseStatusBody(body: unknown): StatusBody {
  const parsed = StatusBody.safeParse(body ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RefusalError(validationFailed(`${String(issue?.path[0] ?? 'status')} ${issue?.message ?? 'is invalid'}`));
  }
  const { poll, scheduled_at, media_ids } = parsed.data;
  if (poll !== undefined && media_ids.length > 0)
    throw new RefusalError(validationFailed('You cannot attach files to a post with a poll'));
  if (scheduled_at !== undefined) throw new RefusalError(apiError(422, 'This instance does not take scheduled posts'));
  return parsed.data;
}

/** Forms have only text. */
const Flag = z.union([
  z.boolean(),
  z.enum(['true', '1', 'on', 'false', '0', 'off', '']).transform((text) => ['true', '1', 'on'].includes(text)),
]);
const Text = z.union([z.string(), z.number().transform(String)]);
const absentWhenBlank = (text: string | null | undefined) => text || undefined;

/** As the instance tells them. */
export const pollLimits = {
  max_options: 4,
  max_characters_per_option: 50,
  min_expiration: 300,
  max_expiration: 2_629_746,
};

const StatusBody = z
  .object({
    status: Text.default(''),
    media_ids: z.union([z.array(Text), Text.transform((id) => [id])]).default([]),
    'media_ids[]': z.union([z.array(Text), Text.transform((id) => [id])]).default([]),
    poll: z
      .object({
        options: z
          .array(z.string().min(1).max(pollLimits.max_characters_per_option))
          .min(2, 'must have more than one item')
          .max(pollLimits.max_options, "can't contain too many items")
          .refine((options) => new Set(options).size === options.length, 'contain duplicates'),
        expires_in: z.coerce.number().int().min(pollLimits.min_expiration).max(pollLimits.max_expiration),
        multiple: Flag.nullish().transform((flag) => flag ?? false),
        hide_totals: Flag.nullish().transform((flag) => flag ?? false),
      })
      .nullish()
      .transform((given) => given ?? undefined),
    quoted_status_id: Text.nullish().transform(absentWhenBlank),
    quote_approval_policy: z.enum(['public', 'followers', 'nobody']).nullish(),
    in_reply_to_id: Text.nullish().transform(absentWhenBlank),
    sensitive: Flag.nullish().transform((flag) => flag ?? false),
    spoiler_text: z
      .string()
      .nullish()
      .transform((text) => text ?? ''),
    visibility: z
      .enum(['public', 'unlisted', 'private', 'direct'], 'is not included in the list')
      .nullish()
      .transform((given) => given ?? 'public'),
    language: z.string().nullish().transform(absentWhenBlank),
    scheduled_at: z.string().nullish().transform(absentWhenBlank),
  })
  .transform(({ 'media_ids[]': more, ...body }) => ({ ...body, media_ids: [...body.media_ids, ...more] }));
