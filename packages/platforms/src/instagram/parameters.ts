import type { Parameters } from '../graph/call-graph.ts';
import type { MediaItem } from '../port/content.ts';
import type { InstagramOptions } from './options.ts';

/** What the container of a post is made with, beside its media. Null: a carousel. */
export function postParameters({
  text,
  options,
  item,
}: {
  readonly text: string;
  readonly options: InstagramOptions;
  readonly item: Pick<MediaItem, 'kind' | 'alt'> | null;
}): Parameters {
  const common = {
    location_id: options.locationId,
    collaborators:
      options.collaborators === undefined ? undefined : JSON.stringify(options.collaborators.map(plainName)),
    is_ai_generated: flag(options.madeWithAi),
  };
  const caption = text === '' ? undefined : text;
  const user_tags = userTags(options.userTags, item?.kind === 'image' && options.postAs !== 'story');
  if (options.postAs === 'story') {
    return { media_type: 'STORIES', user_tags, is_ai_generated: common.is_ai_generated };
  }
  if (item === null) return { media_type: 'CAROUSEL', caption, ...common };
  if (item.kind === 'image') return { caption, alt_text: altOf(item), user_tags, ...common };
  const trial = { manual: 'MANUAL', performance: 'SS_PERFORMANCE' }[options.trial ?? 'manual'];
  return {
    media_type: 'REELS',
    caption,
    user_tags,
    cover_url: options.coverUrl,
    thumb_offset: options.thumbOffsetMs === undefined ? undefined : String(options.thumbOffsetMs),
    share_to_feed: flag(options.shareToFeed),
    audio_name: options.audioName,
    trial_params: options.trial === undefined ? undefined : JSON.stringify({ graduation_strategy: trial }),
    ...common,
  };
}

/** An item of a carousel. */
export function childParameters(item: Pick<MediaItem, 'kind' | 'alt'>, tags: InstagramOptions['userTags']): Parameters {
  const common = { is_carousel_item: 'true', user_tags: userTags(tags, item.kind === 'image') };
  return item.kind === 'video' ? { media_type: 'VIDEO', ...common } : { alt_text: altOf(item), ...common };
}

function altOf({ alt }: Pick<MediaItem, 'alt'>): string | undefined {
  return alt === null || alt === '' ? undefined : alt;
}

/** @param isPlaced whether each has to have a place, as in a picture: the middle where none is given */
function userTags(tags: InstagramOptions['userTags'], isPlaced: boolean): string | undefined {
  if (tags === undefined || tags.length === 0) return undefined;
  const middle = isPlaced ? { x: 0.5, y: 0.5 } : {};
  return JSON.stringify(tags.map(({ username, ...place }) => ({ username: plainName(username), ...middle, ...place })));
}

function plainName(name: string): string {
  return name.replace(/^@/u, '');
}

function flag(given: boolean | undefined): string | undefined {
  return given === undefined ? undefined : String(given);
}
