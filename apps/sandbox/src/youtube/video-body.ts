import { z } from 'zod';
import { badRequest, refuse } from '../google/answers.ts';
import { categoryIds, descriptionBytesMax, tagsCharactersMax, titleCharactersMax } from './limits.ts';

export type Snippet = z.infer<typeof Snippet>;
export type Status = z.infer<typeof Status>;
export type VideoBody = z.infer<typeof VideoBody>;

export const Snippet = z.strictObject({
  title: z.string(),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  categoryId: z.string().default('22'),
  defaultLanguage: z.string().optional(),
  defaultAudioLanguage: z.string().optional(),
});

export const Status = z.strictObject({
  privacyStatus: z.enum(['public', 'unlisted', 'private']).default('public'),
  selfDeclaredMadeForKids: z.boolean().default(false),
  containsSyntheticMedia: z.boolean().default(false),
  embeddable: z.boolean().default(true),
  license: z.enum(['youtube', 'creativeCommon']).default('youtube'),
  publicStatsViewable: z.boolean().default(true),
  publishAt: z.string().optional(),
});

const VideoBody = z.strictObject({
  id: z.string().optional(),
  snippet: Snippet.optional(),
  status: Status.optional(),
});

/** https://developers.google.com/youtube/v3/docs/videos#properties @throws {RefusalError} 400 */
export function parseVideoBody(body: unknown): VideoBody {
  const parsed = VideoBody.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const message =
      unknown === undefined
        ? `Invalid value at '${path}'`
        : `Invalid JSON payload received. Unknown name "${unknown}" at '${path === '' ? 'video' : `video.${path}`}': Cannot find field.`;
    throw refuse({ code: 400, message, reason: 'badRequest' });
  }
  const { snippet, status } = parsed.data;
  if (snippet !== undefined) checkSnippet(snippet);
  if (status?.publishAt !== undefined && status.privacyStatus !== 'private')
    throw badRequest('invalidPublishAt', 'The request metadata specifies an invalid scheduled publishing time.');
  return parsed.data;
}

function checkSnippet({ title, description, tags, categoryId }: Snippet): void {
  if (title.trim() === '' || Array.from(title).length > titleCharactersMax || /[<>]/u.test(title))
    throw badRequest('invalidTitle', 'The request metadata specifies an invalid or empty video title.');
  if (Buffer.byteLength(description) > descriptionBytesMax || /[<>]/u.test(description))
    throw badRequest('invalidDescription', 'The request metadata specifies an invalid video description.');
  if (tags.some((tag) => tag.trim() === '' || /[<>]/u.test(tag)) || tagsLength(tags) > tagsCharactersMax)
    throw badRequest('invalidTags', 'The request metadata specifies invalid video keywords.');
  if (!categoryIds.has(categoryId))
    throw badRequest('invalidCategoryId', 'The snippet.categoryId property specifies an invalid category ID.');
}

function tagsLength(tags: readonly string[]): number {
  const each = tags.map((tag) => Array.from(tag).length + (/\s/u.test(tag) ? 2 : 0));
  return each.reduce((sum, length) => sum + length, Math.max(0, tags.length - 1));
}
