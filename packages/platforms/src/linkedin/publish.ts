import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';
import { LinkedInOptions } from './options.ts';
import { linkedInPostUrl } from './post-url.ts';
import { littleText } from './text.ts';
import { uploadDocument, uploadImage } from './upload-file.ts';
import { markUnusable, processingFailedCode } from './upload-until-there.ts';
import { uploadVideo } from './upload-video.ts';

/** Newer and older name of the same header. */
const Created = z.union([
  z.object({ 'x-restli-id': foreignId() }).transform((headers) => headers['x-restli-id']),
  z.object({ 'x-linkedin-id': foreignId() }).transform((headers) => headers['x-linkedin-id']),
]);

const uploads = { image: uploadImage, video: uploadVideo, document: uploadDocument } as const;

/** Pictures, films and documents first, then the post that shows them. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api, read 2026-11. */
export async function publishLinkedIn(run: PublishRun): Promise<PublishFate> {
  const options = LinkedInOptions.parse(run.content.options);
  const shown: ShownItem[] = [];
  for (const [index, item] of run.content.media.entries()) {
    const urn = await uploads[item.kind](run, item, index);
    shown.push({ urn, item });
  }
  const content = (await articleOf(run, shown)) ?? contentOf(options, run.content.text, shown);
  const json = {
    author: run.account.externalId,
    commentary: littleText(run.content.text),
    visibility: (options.visibility ?? 'public').toUpperCase(),
    distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
    ...(content === null ? {} : { content }),
    lifecycleState: 'PUBLISHED',
    isReshareDisabledByAuthor: options.resharing === 'off',
  };
  const sending = run.step({
    name: 'publish',
    effect: 'once',
    run: async ({ http }) => {
      const call = { ...accessTo(run, http), method: 'POST', path: '/rest/posts', json, effect: 'once' } as const;
      return callLinkedIn({ ...call, answer: Created, read: ({ headers }) => headers });
    },
  });
  const urn = await sending.catch((error: unknown) => beginAnew(run, shown, error));
  return { kind: 'published', platformPostId: urn, url: linkedInPostUrl(urn) };
}

/** Who may not ask how a file is doing is told by the refusal of the post. Which one it is is not said. */
async function beginAnew(run: PublishRun, shown: readonly ShownItem[], error: unknown): Promise<never> {
  if (!(error instanceof PlatformError && error.platformCode === processingFailedCode)) throw error;
  for (const { urn } of shown) await markUnusable(run, urn);
  const message = 'LinkedIn could not process the file: it is uploaded anew';
  throw new PlatformError('media_processing', message, { platformCode: processingFailedCode, cause: error });
}

interface ShownItem {
  readonly urn: string;
  readonly item: MediaItem;
}

/** LinkedIn reads no page: what the card says is sent along. */
async function articleOf(run: PublishRun, given: ShownItem[]): Promise<Record<string, unknown> | null> {
  const { card = null } = run.content;
  if (card === null) return null;
  const { url: source, title, description, picture } = card;
  if (picture !== null) given.push({ urn: await uploadImage(run, picture, 0), item: picture });
  const [shown] = given;
  return {
    article: {
      source,
      title,
      ...(description === '' ? {} : { description }),
      ...(shown === undefined ? {} : { thumbnail: shown.urn, ...altOf('thumbnailAltText', shown) }),
    },
  };
}

function contentOf(
  options: LinkedInOptions,
  text: string,
  shown: readonly ShownItem[],
): Record<string, unknown> | null {
  const [first] = shown;
  if (first === undefined) return null;
  if (shown.length > 1)
    return { multiImage: { images: shown.map((each) => ({ id: each.urn, ...altOf('altText', each) })) } };
  return { media: { id: first.urn, ...describedAs(options, text, first) } };
}

function describedAs({ title }: LinkedInOptions, text: string, shown: ShownItem): Record<string, string> {
  switch (shown.item.kind) {
    case 'image':
      return altOf('altText', shown);
    case 'video':
      return title === undefined ? {} : { title };
    case 'document':
      return { title: title ?? firstLine(text) };
  }
}

const titleCharactersMax = 100;

/** LinkedIn takes no document without a title. */
function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  return Array.from(line.trim()).slice(0, titleCharactersMax).join('') || 'Document';
}

function altOf(name: string, { item: { alt } }: ShownItem): Record<string, string> {
  return alt === null || alt === '' ? {} : { [name]: alt };
}
