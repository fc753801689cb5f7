import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { parametersStep } from '../graph/content-key.ts';
import {
  afresh,
  containerGone,
  containerRefused,
  containerSpoilt,
  publishContainer,
} from '../graph/publish-container.ts';
import { readPermalink } from '../graph/permalink.ts';
import { postContainerStep } from '../graph/ready-container.ts';
import { requireRoom } from '../graph/publishing-room.ts';
import { stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { callInstagram, instagramName } from './api.ts';
import { callOf, codeOrGone, makeContainer, readyInstagramContainer, sendVideo } from './container.ts';
import { findPublished, InstagramKey, keyBeforeSend } from './find-published.ts';
import { readQuota } from './limits.ts';
import { InstagramOptions } from './options.ts';
import { childParameters, postParameters } from './parameters.ts';

const Created = z.object({ id: foreignNumericId() });

/**
 * Containers first: one for each item of a carousel, one for the post. Publishing makes a container into a post, once: whoever repeats
 * it, or asks, meets the container as it is then.
 */
export async function publishInstagram(run: PublishRun): Promise<Published> {
  const options = InstagramOptions.parse(run.content.options);
  const isStory = options.postAs === 'story';
  const ready = (generation: number) => prepare(run, options, generation);
  const id = await publishContainer(run, instagramName, ready, async (container) => {
    await run.step({ name: 'quota', effect: 'read', run: ({ http }) => roomOf(run, http) });
    return run.step({
      name: 'publish',
      effect: 'once',
      key: () => keyBeforeSend(run, isStory),
      run: ({ key, http }) => send(run, http, container, InstagramKey.parse(key)),
    });
  });
  return {
    kind: 'published',
    platformPostId: id,
    url: await readPermalink(id, (request) => callInstagram({ ...callOf(run, run.http), ...request })),
  };
}

async function prepare(run: PublishRun, options: InstagramOptions, generation: number): Promise<string> {
  const again = afresh(generation);
  const { media, text } = run.content;
  const [first, ...others] = media;
  if (first === undefined) {
    throw new PlatformError('content', 'Instagram takes no post without a picture or video', {
      platformCode: 'media_missing',
    });
  }
  if (others.length === 0) {
    const parameters = postParameters({ text, options, item: first });
    const name = parametersStep(postContainerStep, { ...parameters, media: first.sha256 });
    return itemContainer(run, `${name}${again}`, first, parameters);
  }
  const children: string[] = [];
  for (const [index, item] of media.entries()) {
    const parameters = childParameters(item, index === 0 ? options.userTags : undefined);
    const name = parametersStep(stepName({ index, item, generation: 0, part: 'item' }), parameters);
    children.push(await itemContainer(run, `${name}${again}`, item, parameters));
  }
  const parameters = { ...postParameters({ text, options, item: null }), children: children.join(',') };
  return readyInstagramContainer(run, `${parametersStep(postContainerStep, parameters)}${again}`, (http) =>
    makeContainer(run, http, null, parameters),
  );
}

function itemContainer(
  run: PublishRun,
  name: string,
  item: MediaItem,
  parameters: ReturnType<typeof postParameters>,
): Promise<string> {
  const send = item.kind === 'video' ? sendVideo(run, item) : null;
  return readyInstagramContainer(run, name, (http) => makeContainer(run, http, item, parameters), send);
}

function roomOf(run: PublishRun, http: PlatformHttp) {
  const told = { whose: 'account', platformName: instagramName, platformCode: 'content_publishing_limit' } as const;
  return requireRoom(() => readQuota({ ...run, http }), told);
}

async function send(run: PublishRun, http: PlatformHttp, container: string, key: InstagramKey): Promise<string> {
  try {
    const created = await callInstagram({
      ...callOf(run, http),
      method: 'POST',
      path: `/${encodeURIComponent(run.account.externalId)}/media_publish`,
      form: { creation_id: container },
      effect: 'once',
      answer: Created,
    });
    return created.id;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const isUnready = error.kind === 'media_processing';
    if (!isUnready && !saysSpoilt.test(error.platformCode)) throw error;
    const code = await codeOrGone(run, http, container);
    if (code === 'EXPIRED' || code === 'ERROR') throw containerSpoilt(instagramName, error);
    if (!isUnready) throw error;
    if (code === 'PUBLISHED' || code === 'gone') return publishedBefore(run, http, { key, code, cause: error });
    throw code === 'FINISHED' ? containerRefused(instagramName, error) : error;
  }
}

/** The container has expired, or could not be made. */
const saysSpoilt = /\/(?:2207020|2207032)$/u;

/** An earlier send of ours has arrived: which post it became. */
async function publishedBefore(
  run: PublishRun,
  http: PlatformHttp,
  { key, code, cause }: { key: InstagramKey; code: 'PUBLISHED' | 'gone'; cause: PlatformError },
): Promise<string> {
  const since = () => new Date(run.now.getTime() - 24 * 3_600_000);
  const { match } = await findPublished(
    { ...run, http },
    { key, since, caption: run.content.text, takenPostIds: new Set() },
  );
  if (match !== null) return match.id;
  if (code === 'gone') throw containerGone(instagramName, cause);
  const message = 'Instagram has published it before and does not list it yet';
  throw new PlatformError('ambiguous', message, { platformCode: 'published_before', cause });
}
