import { z } from 'zod';
import { invalidInput } from './answers.ts';
import { altCharactersMax, commentaryCharactersMax, imagesOfPost } from './limits.ts';
import { shownText } from './little-text.ts';

export type Content = z.infer<typeof Content>;
export type PostBody = z.infer<typeof PostBody>;

/** The body of `POST /rest/posts`: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api @throws {RefusalError} 400 */
export function parsePostBody(body: unknown): PostBody {
  const parsed = PostBody.safeParse(body);
  if (parsed.success) {
    checkCommentary(parsed.data.commentary);
    const { id = '', title } = parsed.data.content?.media ?? {};
    if (id.startsWith('urn:li:document:') && title === undefined)
      throw invalidInput('MISSING_FIELD', 'is required', '/content/media/title');
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const field = `/${issue?.path.map(String).join('/') ?? ''}`;
  throw invalidInput(codeOf(issue), issue?.message ?? 'is not valid', field);
}

/** @throws {RefusalError} 400 */
export function checkCommentary(commentary: string): void {
  const { length } = shownText(commentary);
  if (length <= commentaryCharactersMax) return;
  const text = `length of ${length} is more than the ${commentaryCharactersMax} allowed`;
  throw invalidInput('FIELD_LENGTH_TOO_LONG', text, '/commentary');
}

/** Pictures and films that a post shows, in their order. */
export function assetsIn(content: Content | null): { urn: string; alt: string | null }[] {
  if (content?.media !== undefined) return [{ urn: content.media.id, alt: content.media.altText ?? null }];
  return (content?.multiImage?.images ?? []).map(({ id, altText }) => ({ urn: id, alt: altText ?? null }));
}

function codeOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'INVALID_REQUEST';
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'MISSING_FIELD';
  if (issue.code === 'unrecognized_keys') return 'INVALID_FIELD';
  return issue.code === 'too_big' ? 'FIELD_LENGTH_TOO_LONG' : 'INVALID_VALUE_FOR_FIELD';
}

const ImageUrn = z.string().regex(/^urn:li:image:[\w-]+$/u);
const AltText = z.string().max(altCharactersMax).optional();
const Shown = z.strictObject({
  id: z.string().regex(/^urn:li:(?:image|video|document):[\w-]+$/u),
  title: z.string().max(400).optional(),
  altText: AltText,
});

const Content = z
  .strictObject({
    media: Shown.optional(),
    multiImage: z
      .strictObject({
        images: z
          .array(z.strictObject({ id: ImageUrn, altText: AltText }))
          .min(imagesOfPost.min)
          .max(imagesOfPost.max),
        altText: AltText,
      })
      .optional(),
    article: z
      .strictObject({
        source: z.url({ protocol: /^https?$/u }),
        title: z.string().min(1).max(400),
        description: z.string().max(4_000).optional(),
        thumbnail: ImageUrn.optional(),
        thumbnailAltText: AltText,
      })
      .optional(),
  })
  .refine((content) => Object.values(content).filter((each) => each !== undefined).length === 1, {
    error: 'must hold one kind of content',
  });

const PostBody = z.strictObject({
  author: z.string(),
  commentary: z.string(),
  visibility: z.enum(['PUBLIC', 'CONNECTIONS', 'LOGGED_IN', 'CONTAINER']),
  distribution: z.strictObject({
    feedDistribution: z.enum(['MAIN_FEED', 'NONE']),
    targetEntities: z.array(z.unknown()).optional(),
    thirdPartyDistributionChannels: z.array(z.unknown()).optional(),
  }),
  content: Content.optional(),
  lifecycleState: z.literal('PUBLISHED'),
  isReshareDisabledByAuthor: z.boolean().default(false),
});
