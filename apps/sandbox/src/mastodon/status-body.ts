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
  const { poll, scheduled_at } = parsed.data;
  if (poll !== undefined) throw new RefusalError(apiError(422, 'This instance does not take polls'));
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

const StatusBody = z
  .object({
    status: Text.default(''),
    media_ids: z.union([z.array(Text), Text.transform((id) => [id])]).default([]),
    'media_ids[]': z.union([z.array(Text), Text.transform((id) => [id])]).default([]),
    poll: z.unknown().optional(),
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
