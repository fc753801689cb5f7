import { parametersStep } from '../graph/content-key.ts';
import { readPermalink } from '../graph/permalink.ts';
import { postContainerStep } from '../graph/ready-container.ts';
import { requireRoom } from '../graph/publishing-room.ts';
import type { Parameters } from '../graph/call-graph.ts';
import {
  afresh,
  containerGone,
  containerRefused,
  containerSpoilt,
  publishContainer,
} from '../graph/publish-container.ts';
import { stepName } from '../content/media-steps.ts';
import { urlOfMedia } from '../content/media-url.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { callOf, callThreads, pathOf, threadsName } from './api.ts';
import { Created, readStatus, readyThreadsContainer } from './container.ts';
import { findPublished, keyBeforeSend, ThreadsKey } from './find-published.ts';
import { readQuotas } from './limits.ts';
import { ThreadsOptions } from './options.ts';

/**
 * Containers first: one for each item of a carousel, one for the post. Publishing makes a container into a post, once: whoever repeats
 * it, or asks, meets the container as it is then.
 */
export async function publishThreads(run: PublishRun): Promise<Published> {
  const options = ThreadsOptions.parse(run.content.options);
  const ready = (generation: number) => prepare(run, options, generation);
  const id = await publishContainer(run, threadsName, ready, async (container) => {
    await run.step({ name: 'quota', effect: 'read', run: ({ http }) => roomOf(run, http) });
    return run.step({
      name: 'publish',
      effect: 'once',
      key: () => keyBeforeSend(run),
      run: ({ key, http }) => send(run, http, container, ThreadsKey.parse(key)),
    });
  });
  return {
    kind: 'published',
    platformPostId: id,
    url: await readPermalink(id, (request) => callThreads({ ...callOf(run, run.http), ...request })),
  };
}

async function prepare(run: PublishRun, options: ThreadsOptions, generation: number): Promise<string> {
  const again = afresh(generation);
  const { media, text } = run.content;
  const common = {
    text: text === '' ? undefined : text,
    reply_to_id: run.replyTo?.parent.platformPostId,
    reply_control: options.replyControl,
    topic_tag: options.topicTag?.replace(/^#/u, ''),
  };
  const [first, ...others] = media;
  if (first === undefined) {
    const parameters = { media_type: 'TEXT', ...common, link_attachment: options.linkAttachment };
    return readyThreadsContainer(run, `${parametersStep(postContainerStep, parameters)}${again}`, parameters);
  }
  if (others.length === 0) {
    const parameters = { ...common, ...described(first) };
    const name = parametersStep(postContainerStep, { ...parameters, media: first.sha256 });
    return readyThreadsContainer(run, `${name}${again}`, { ...parameters, ...sourceOf(first) });
  }
  const children: string[] = [];
  for (const [index, item] of media.entries()) {
    const parameters = { is_carousel_item: 'true', ...described(item) };
    const name = parametersStep(stepName({ index, item, generation: 0, part: 'item' }), parameters);
    children.push(await readyThreadsContainer(run, `${name}${again}`, { ...parameters, ...sourceOf(item) }));
  }
  const parameters = { media_type: 'CAROUSEL', ...common, children: children.join(',') };
  return readyThreadsContainer(run, `${parametersStep(postContainerStep, parameters)}${again}`, parameters);
}

function described({ kind, alt }: MediaItem): Parameters {
  return { media_type: kind === 'video' ? 'VIDEO' : 'IMAGE', alt_text: alt === null || alt === '' ? undefined : alt };
}

/** Threads fetches both from our address, which is another one each time it is signed. */
function sourceOf(item: MediaItem): Parameters {
  return { [item.kind === 'video' ? 'video_url' : 'image_url']: urlOfMedia(item, threadsName) };
}

/** Posts and answers have a limit each. */
function roomOf(run: PublishRun, http: PlatformHttp) {
  const readQuota = async () => {
    const quotas = await readQuotas({ ...run, http });
    return (run.replyTo === null ? quotas?.posts : quotas?.replies) ?? null;
  };
  const told = { whose: 'profile', platformName: threadsName, platformCode: 'threads_publishing_limit' } as const;
  return requireRoom(readQuota, told);
}

async function send(run: PublishRun, http: PlatformHttp, container: string, key: ThreadsKey): Promise<string> {
  try {
    const created = await callThreads({
      ...callOf(run, http),
      method: 'POST',
      path: pathOf(run.account.externalId, '/threads_publish'),
      form: { creation_id: container },
      effect: 'once',
      answer: Created,
    });
    return created.id;
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'media_processing')) throw error;
    const { status } = await readStatus(run, http, container);
    if (status === 'PUBLISHED' || status === 'gone') return publishedBefore(run, http, { key, status, cause: error });
    if (status === 'EXPIRED' || status === 'ERROR') throw containerSpoilt(threadsName, error);
    throw status === 'FINISHED' ? containerRefused(threadsName, error) : error;
  }
}

/** An earlier send of ours may have arrived: which post it became. The refusal alone says neither. */
async function publishedBefore(
  run: PublishRun,
  http: PlatformHttp,
  { key, status, cause }: { key: ThreadsKey; status: 'PUBLISHED' | 'gone'; cause: PlatformError },
): Promise<string> {
  const since = () => new Date(run.now.getTime() - 24 * 3_600_000);
  const parent = run.replyTo?.parent.platformPostId ?? null;
  const wanted = { key, since, text: run.content.text, parent, takenPostIds: new Set<string>() };
  const { match } = await findPublished({ ...run, http }, wanted);
  if (match !== null) return match.id;
  if (status === 'gone') throw containerGone(threadsName, cause);
  const message = 'Threads has published it before and does not list it yet';
  throw new PlatformError('ambiguous', message, { platformCode: 'published_before', cause });
}
