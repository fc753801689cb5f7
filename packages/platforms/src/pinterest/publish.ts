import { accountNotFound } from '../answers/account-not-found.ts';
import type { MediaItem } from '../port/content.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';
import { placeOf } from './boards.ts';
import { pinterestRefusal } from './errors.ts';
import { jsonWithFiles } from './json-with-files.ts';
import { PinterestOptions } from './options.ts';
import { keyBeforeSend, Pin } from './pins.ts';
import { uploadVideo } from './upload.ts';

/** A video is uploaded first; pictures go out with the pin itself. https://developers.pinterest.com/docs/api/v5/pins-create, read 2026-11. */
export async function publishPinterest(run: PublishRun): Promise<Published> {
  const options = PinterestOptions.parse(run.content.options);
  const place = await placeOf(run, options);
  const { media, text } = run.content;
  const at = media.findIndex(({ kind }) => kind === 'video');
  const video = media[at];
  const mediaId = video === undefined ? null : await uploadVideo(run, video, at);
  const { title, link, dominantColor } = options;
  const alt = altOf(media);
  const id = await run.step({
    name: 'publish',
    effect: 'once',
    key: () => keyBeforeSend(run, place.board),
    run: async ({ http }) => {
      const stream = jsonWithFiles((placed) => ({
        board_id: place.board,
        ...(place.section === null ? {} : { board_section_id: place.section }),
        ...(title === undefined ? {} : { title }),
        ...(text === '' ? {} : { description: text }),
        ...(link === undefined ? {} : { link }),
        ...(alt === null ? {} : { alt_text: alt }),
        ...(dominantColor === undefined ? {} : { dominant_color: dominantColor }),
        media_source: mediaId === null ? picturesOf(media, placed) : filmOf(mediaId, media, options, placed),
      }));
      const refusal = pinterestRefusal('once');
      const refusalOf = place.board === run.account.externalId ? accountNotFound(refusal) : refusal;
      const ask = {
        ...accessTo(run, http),
        method: 'POST',
        path: '/v5/pins',
        stream,
        effect: 'once',
        refusalOf,
      } as const;
      return (await callPinterest({ ...ask, answer: Pin })).id;
    },
  });
  return { kind: 'published', platformPostId: id, url: pinUrl(id) };
}

export function pinUrl(id: string): string {
  return `https://www.pinterest.com/pin/${id}/`;
}

/** One text stands for the whole pin. */
export function altOf(media: readonly Pick<MediaItem, 'alt'>[]): string | null {
  return media.find(({ alt }) => alt !== null && alt !== '')?.alt ?? null;
}

type Placed = (item: MediaItem) => string;

function picturesOf(media: readonly MediaItem[], placed: Placed) {
  const [first, ...others] = media.map((item) => ({ content_type: item.mimeType, data: placed(item) }));
  return others.length === 0
    ? { source_type: 'image_base64', ...first }
    : { source_type: 'multiple_image_base64', items: [first, ...others] };
}

function filmOf(mediaId: string, media: readonly MediaItem[], options: PinterestOptions, placed: Placed) {
  return { source_type: 'video_id', media_id: mediaId, ...coverOf(media, options, placed) };
}

/** Pinterest takes no video without one: its first picture, where nothing else is given. */
function coverOf(media: readonly MediaItem[], { coverUrl, coverOffsetMs = 0 }: PinterestOptions, placed: Placed) {
  const picture = media.find(({ kind }) => kind === 'image');
  if (picture !== undefined) return { cover_image_content_type: picture.mimeType, cover_image_data: placed(picture) };
  if (coverUrl !== undefined) return { cover_image_url: coverUrl };
  return { cover_image_key_frame_time: Math.floor(coverOffsetMs / 1_000) };
}
