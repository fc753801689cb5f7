import { z } from 'zod';
import { foreignId, foreignNumericId } from '../answers/answer-fields.ts';
import { hostOf } from '../http/configured.ts';
import { uploadBytes } from '../graph/upload-bytes.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { callFacebook, facebookName } from './api.ts';
import { FacebookOptions } from './options.ts';
import { callOf } from './publish-feed.ts';
import { videoStep } from './publish-video.ts';
import { followVideo, readVideo } from './video-state.ts';

const Started = z.object({ video_id: foreignNumericId(), upload_url: z.string().max(2_000) });
const Finished = z.object({ success: z.literal(true), post_id: foreignId().optional().catch(undefined) });

const sessionLifeMs = 24 * 3_600_000;

/** A reel: begun, its bytes sent to a host of their own, then shown. https://developers.facebook.com/docs/video-api/guides/reels-publishing, read 2026-11. */
export async function publishReel(run: PublishRun, item: MediaItem): Promise<PublishFate> {
  const { videoId } = await livingUpload(run.now, async (generation, living) => {
    const name = (part: string) => stepName({ index: 0, item, generation, part });
    const started = living(
      await run.step({ name: name(videoStep), effect: 'idempotent', run: ({ http }) => start(run, http) }),
    );
    await run.step({
      name: name('bytes'),
      effect: 'idempotent',
      run: async ({ http }) => {
        await sendRest(run, http, item, started);
        return true;
      },
    });
    return started;
  });
  const { title } = FacebookOptions.parse(run.content.options);
  const form = {
    upload_phase: 'finish',
    video_id: videoId,
    video_state: 'PUBLISHED',
    description: run.content.text === '' ? undefined : run.content.text,
    title,
  };
  const sent = await run.step({
    name: 'publish',
    effect: 'once',
    run: async ({ http }) => {
      const finished = await callFacebook({ ...reels(run, http), form, effect: 'once', answer: Finished });
      return { videoId, postId: finished.post_id ?? null };
    },
  });
  return followVideo(run, sent);
}

async function start(run: PublishRun, http: PlatformHttp) {
  const form = { upload_phase: 'start' };
  const begun = await callFacebook({ ...reels(run, http), form, effect: 'idempotent', answer: Started });
  const expiresAt = new Date(run.now.getTime() + sessionLifeMs).toISOString();
  return { videoId: begun.video_id, uploadUrl: begun.upload_url, expiresAt };
}

/** What has come already is not sent again: an answer may have been lost. */
async function sendRest(
  run: PublishRun,
  http: PlatformHttp,
  item: MediaItem,
  { videoId, uploadUrl }: { videoId: string; uploadUrl: string },
): Promise<void> {
  const { status } = await readVideo(run, http, videoId);
  const offset = Math.min(status?.uploading_phase?.bytes_transferred ?? 0, item.bytes);
  if (offset === item.bytes) return;
  const host = hostOf(run.endpoints, 'upload', facebookName);
  const { accessToken } = run;
  await uploadBytes({ http, platformName: facebookName, accessToken, url: uploadUrl, host, item, offset });
}

function reels(run: PublishRun, http: PlatformHttp) {
  const path = `/${encodeURIComponent(run.account.externalId)}/video_reels`;
  return { ...callOf(run, http), method: 'POST', path } as const;
}
