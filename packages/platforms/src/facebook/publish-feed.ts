import { z } from 'zod';
import { foreignId, foreignNumericId } from '../answers/answer-fields.ts';
import { contentStep } from '../graph/content-key.ts';
import { stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { callFacebook, facebookName } from './api.ts';
import { FacebookOptions } from './options.ts';

/** Name of the steps whose result is a post that nobody sees yet. */
export const draftStep = 'draft';

/** A post that nobody sees yet, and the photos that it holds. */
export const Draft = z.object({ id: foreignId(), photos: z.array(z.string()) });
export type Draft = z.infer<typeof Draft>;

const Created = z.object({ id: foreignId() });
const Photo = z.object({ id: foreignNumericId() });
const Done = z.object({ success: z.literal(true) });
const Shown = z.object({ id: foreignId(), at: z.string() });

/**
 * A post in two phases: it is created unpublished, and its id is on disk before it is made visible. That may be repeated, and asked
 * for. https://developers.facebook.com/docs/pages-api/posts and the node PagePost of the Graph API, read 2026-11.
 */
export async function publishFeed(run: PublishRun): Promise<PublishFate> {
  const { link } = FacebookOptions.parse(run.content.options);
  const photos: string[] = [];
  for (const [index, item] of run.content.media.entries()) photos.push(await addPhoto(run, item, index));
  const content: FeedContent = { message: run.content.text, link: photos.length > 0 ? null : (link ?? null), photos };
  const draft = Draft.parse(
    await run.step({
      name: contentStep(draftStep, { ...content, photos: [...photos] }),
      effect: 'idempotent',
      run: ({ http }) => createDraft(run, http, content),
    }),
  );
  const shown = await run.step({
    name: 'publish',
    effect: 'once',
    run: async ({ http }) => ({
      id: await show(run, http, draft.id, { ...content, photos: draft.photos }),
      at: run.now.toISOString(),
    }),
  });
  return confirm(run, Shown.parse(shown));
}

interface FeedContent {
  readonly message: string;
  readonly link: string | null;
  readonly photos: readonly string[];
}

/** Unpublished photos stay until a post shows them. */
function addPhoto(run: PublishRun, item: MediaItem, index: number): Promise<string> {
  return run.step({
    name: stepName({ index, item, generation: 0, part: 'photo' }),
    effect: 'idempotent',
    run: ({ http }) => uploadPhoto(run, http, item),
  });
}

async function uploadPhoto(run: PublishRun, http: PlatformHttp, item: MediaItem): Promise<string> {
  const file = { byteLength: item.bytes, open: () => item.read() };
  const photo = await callFacebook({
    ...callOf(run, http),
    method: 'POST',
    path: `/${encodeURIComponent(run.account.externalId)}/photos`,
    multipart: [
      { name: 'published', value: 'false' },
      ...(item.alt === null || item.alt === '' ? [] : [{ name: 'alt_text_custom', value: item.alt }]),
      { name: 'source', fileName: 'photo', contentType: item.mimeType, stream: file },
    ],
    effect: 'idempotent',
    answer: Photo,
  });
  return photo.id;
}

/** A photo belongs to one post: a draft whose answer was lost, or one with older words, keeps those it has, and this one gets copies. */
async function createDraft(run: PublishRun, http: PlatformHttp, content: FeedContent): Promise<Draft> {
  const { photos } = content;
  try {
    return { id: (await createPost(run, http, content, 'idempotent')).id, photos: [...photos] };
  } catch (error) {
    if (!isOfAnotherPost(error)) throw error;
  }
  const copies: string[] = [];
  for (const item of run.content.media) copies.push(await uploadPhoto(run, http, item));
  return { id: (await createPost(run, http, { ...content, photos: copies }, 'idempotent')).id, photos: copies };
}

function isOfAnotherPost(error: unknown): boolean {
  return error instanceof PlatformError && error.platformCode.endsWith('/1366051');
}

function createPost(
  run: AccountCall,
  http: PlatformHttp,
  { message, link, photos }: FeedContent,
  effect: 'idempotent' | 'once',
) {
  const attached = photos.map((id, at) => [`attached_media[${at}]`, JSON.stringify({ media_fbid: id })]);
  return callFacebook({
    ...callOf(run, http),
    method: 'POST',
    path: `/${encodeURIComponent(run.account.externalId)}/feed`,
    form: {
      message: message === '' ? undefined : message,
      link: link ?? undefined,
      published: effect === 'once' ? 'true' : 'false',
      ...Object.fromEntries(attached),
    },
    effect,
    answer: Created,
  });
}

/** Makes the draft visible. Where the platform does not take that, the draft goes and the post is made in one step: it is looked up by its content then. */
async function show(run: PublishRun, http: PlatformHttp, draft: string, content: FeedContent): Promise<string> {
  try {
    const form = { is_published: 'true' };
    await callFacebook({ ...callOf(run, http), method: 'POST', path: `/${draft}`, form, effect: 'once', answer: Done });
    return draft;
  } catch (error) {
    if (!isNotTaken(error)) throw error;
  }
  await dropDraft(run, http, draft);
  return (await createPost(run, http, content, 'once')).id;
}

/** The platform's own word that it did nothing: it does not publish this object so, or does not have it any more. */
function isNotTaken(error: unknown): boolean {
  return error instanceof PlatformError && /^100(?:\/|$)/u.test(error.platformCode) && error.kind !== 'ambiguous';
}

async function dropDraft(run: PublishRun, http: PlatformHttp, draft: string): Promise<void> {
  try {
    const call = { ...callOf(run, http), method: 'DELETE', path: `/${draft}` } as const;
    await callFacebook({ ...call, effect: 'idempotent', answer: z.unknown() });
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not_found')) throw error;
  }
}

const State = z.object({ is_published: z.boolean().optional(), permalink_url: z.string().optional() });

const pollAfterMs = 15_000;
/** So long a post may stay unpublished after Facebook has said that it published it. */
const unseenMsMax = 10 * 60_000;

/** Whether it can be seen. An answer that does not come changes nothing: Facebook has said that it is out. */
async function confirm(run: PublishRun, { id, at }: z.infer<typeof Shown>): Promise<PublishFate> {
  const state = await readState(run, id).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
  if (state?.is_published === false) {
    if (run.now.getTime() - Date.parse(at) < unseenMsMax) {
      return { kind: 'processing', pollAfterMs, detail: 'Facebook has taken the post and does not show it yet' };
    }
    const message = `${facebookName} took the post and never published it`;
    return { kind: 'turned_down', error: new PlatformError('policy', message, { platformCode: 'never_published' }) };
  }
  return { kind: 'published', platformPostId: id, url: state?.permalink_url ?? facebookPostUrl(id) };
}

export function readState(call: AccountCall, id: string) {
  const query = { fields: 'is_published,permalink_url' };
  return callFacebook({
    ...callOf(call, call.http),
    method: 'GET',
    path: `/${id}`,
    query,
    effect: 'read',
    answer: State,
  });
}

export function facebookPostUrl(id: string): string {
  const [page = '', post] = id.split('_');
  return `https://www.facebook.com/${post === undefined ? page : `${page}/posts/${post}`}`;
}

export function callOf({ endpoints, accessToken }: AccountCall, http: PlatformHttp) {
  return { endpoints, accessToken, http };
}
