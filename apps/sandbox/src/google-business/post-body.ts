import { z } from 'zod';
import { refuse } from '../google/answers.ts';
import { invalidField } from './answers.ts';
import { eventTitleCharactersMax, summaryCharactersMax } from './limits.ts';

export type PostBody = z.infer<typeof PostBody>;

const Day = z.strictObject({ year: z.int(), month: z.int().min(1).max(12), day: z.int().min(1).max(31) });
const Time = z.strictObject({
  hours: z.int().min(0).max(23).optional(),
  minutes: z.int().min(0).max(59).optional(),
  seconds: z.int().min(0).max(59).optional(),
  nanos: z.int().optional(),
});
const web = z.string().regex(/^https?:\/\//u);

const PostBody = z.strictObject({
  languageCode: z.string().optional(),
  summary: z.string().default(''),
  topicType: z.enum(['STANDARD', 'EVENT', 'OFFER', 'ALERT']).optional(),
  callToAction: z
    .strictObject({
      actionType: z.enum(['BOOK', 'ORDER', 'SHOP', 'LEARN_MORE', 'SIGN_UP', 'CALL']),
      url: web.optional(),
    })
    .optional(),
  event: z
    .strictObject({
      title: z.string(),
      schedule: z.strictObject({
        startDate: Day,
        startTime: Time.optional(),
        endDate: Day,
        endTime: Time.optional(),
      }),
    })
    .optional(),
  offer: z
    .strictObject({
      couponCode: z.string().max(58).optional(),
      redeemOnlineUrl: web.optional(),
      termsConditions: z.string().max(5_000).optional(),
    })
    .optional(),
  media: z
    .array(z.strictObject({ mediaFormat: z.enum(['PHOTO', 'VIDEO']), sourceUrl: web }))
    .max(10)
    .default([]),
});

/** https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts @throws {RefusalError} 400 */
export function parsePostBody(body: unknown): PostBody & { topicType: NonNullable<PostBody['topicType']> } {
  const parsed = PostBody.safeParse(body ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue?.code === 'unrecognized_keys') {
      const message = `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at 'local_post': Cannot find field.`;
      throw refuse({ code: 400, message, reason: 'badRequest' });
    }
    throw invalidField(snakeCase(issue?.path.map(String).join('.') ?? ''), issue?.message ?? 'is not valid');
  }
  const { topicType, summary, event, callToAction, media } = parsed.data;
  if (topicType === undefined) throw invalidField('topic_type', 'Topic type is required for post creation.');
  checkSummary(summary);
  if (topicType === 'STANDARD' && summary.trim() === '' && media.length === 0)
    throw invalidField('summary', 'A post needs a summary or a photo.');
  if (topicType !== 'STANDARD' && event === undefined)
    throw invalidField('event', 'Event is required for this topic type.');
  if (event !== undefined) checkEvent(event);
  if (callToAction !== undefined && topicType !== 'OFFER') {
    const { actionType, url } = callToAction;
    if (actionType === 'CALL' && url !== undefined) throw invalidField('call_to_action.url', 'Must be empty for CALL.');
    if (actionType !== 'CALL' && url === undefined) throw invalidField('call_to_action.url', 'Is required.');
  }
  return { ...parsed.data, topicType };
}

/** @throws {RefusalError} 400 */
export function checkSummary(summary: string): void {
  if (summary.length > summaryCharactersMax)
    throw invalidField('summary', `Must be at most ${summaryCharactersMax} characters`);
}

function checkEvent({ title, schedule }: NonNullable<PostBody['event']>): void {
  if (title.trim() === '' || title.length > eventTitleCharactersMax)
    throw invalidField('event.title', `Must have 1 to ${eventTitleCharactersMax} characters`);
  if (momentOf(schedule.endDate, schedule.endTime) < momentOf(schedule.startDate, schedule.startTime))
    throw invalidField('event.schedule', 'End must not be before start');
}

function momentOf({ year, month, day }: z.infer<typeof Day>, { hours = 0, minutes = 0 }: z.infer<typeof Time> = {}) {
  return Date.UTC(year, month - 1, day, hours, minutes);
}

function snakeCase(path: string): string {
  return path.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
