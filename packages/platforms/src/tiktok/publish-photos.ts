import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { urlOfMedia } from '../content/media-url.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callTikTok, tiktokName } from './api.ts';
import { creatorBeforePost, privacyOf } from './creator.ts';
import { newestStep, readNewest } from './list.ts';
import type { TikTokOptions } from './options.ts';
import { publishUntilTaken } from './until-taken.ts';

const Begun = z.object({ publish_id: foreignId() });

/** TikTok fetches the photos by itself, and one request makes the post. https://developers.tiktok.com/doc/content-posting-api-reference-photo-post, read 2026-11. */
export async function publishPhotos(run: PublishRun, options: TikTokOptions): Promise<PublishFate> {
  const isDraft = options.postAs === 'draft';
  const settings = isDraft ? {} : await settingsOf(run, options);
  if (!isDraft) await run.step({ name: newestStep, effect: 'read', run: ({ http }) => readNewest(run, http) });
  const { media, text } = run.content;
  const json = {
    post_info: { ...(options.title === undefined ? {} : { title: options.title }), description: text, ...settings },
    source_info: {
      source: 'PULL_FROM_URL',
      photo_cover_index: options.photoCoverIndex ?? 0,
      photo_images: media.map((item) => urlOfMedia(item, tiktokName)),
    },
    post_mode: isDraft ? 'MEDIA_UPLOAD' : 'DIRECT_POST',
    media_type: 'PHOTO',
  };
  return publishUntilTaken(run, ({ publish: name }) =>
    run.step({
      name,
      effect: 'once',
      run: async ({ http, startedAt }) => {
        const ask = { ...accessTo(run, http), method: 'POST', path: '/v2/post/publish/content/init/', json } as const;
        const { publish_id: publishId } = await callTikTok({ ...ask, effect: 'once', data: Begun });
        const isPublic = settings['privacy_level'] === 'PUBLIC_TO_EVERYONE';
        return { publishId, sentAt: startedAt.toISOString(), isPublic, kind: 'photo' as const };
      },
    }),
  );
}

async function settingsOf(
  run: PublishRun,
  options: TikTokOptions,
): Promise<Readonly<Record<string, string | boolean>>> {
  const creator = await creatorBeforePost(run);
  return {
    privacy_level: privacyOf(options, creator),
    disable_comment: creator.commentOff || (options.disableComment ?? false),
    auto_add_music: options.autoAddMusic ?? false,
    brand_content_toggle: options.brandContent ?? false,
    brand_organic_toggle: options.yourBrand ?? false,
  };
}
