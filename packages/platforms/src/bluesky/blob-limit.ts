import type { AdapterAccount, ServerRules } from '../port/account.ts';
import type { MediaItem } from '../port/content.ts';
import { PlatformError } from '../port/platform-error.ts';
import { blueskyMediaRules } from './media-rules.ts';
import { blueskyGraphemesMax } from './text.ts';

/** What every server takes: the lexicon's limit of pictures before it was doubled. */
const bytesEverywhere = 1_000_000;
/** What servers of Bluesky take directly; of a video more than that goes through the video service. */
const directBytesDefault = 50_000_000;

/** Of one file that is brought straight to the account's server. */
export function directBytesMax({ serverRules }: Pick<AdapterAccount, 'serverRules'>): number {
  return serverRules?.media?.videoBytesMax ?? directBytesDefault;
}

/** Server rules by what a server says that it takes, or has just shown. */
export function rulesOfServer(known: ServerRules | undefined, blobBytesMax: number): ServerRules {
  const image = Math.min(blobBytesMax, blueskyMediaRules.image?.bytesMax ?? blobBytesMax);
  return {
    textMax: blueskyGraphemesMax,
    urlCharacters: null,
    media: { ...known?.media, imageBytesMax: image, videoBytesMax: Math.min(blobBytesMax, directBytesDefault) },
  };
}

/**
 * A refusal that may be about the size of a picture: with smaller ones it is tried again, once. Servers say it in many ways, by a
 * status of their own or of a server in front, so the size alone decides.
 */
export function withSmallerPictures(
  error: unknown,
  { serverRules }: Pick<AdapterAccount, 'serverRules'>,
  media: readonly Pick<MediaItem, 'kind' | 'bytes'>[],
): unknown {
  if (!(error instanceof PlatformError) || error.kind !== 'content') return error;
  const isLarge = media.some(({ kind, bytes }) => kind === 'image' && bytes > bytesEverywhere);
  const isKnown = (serverRules?.media?.imageBytesMax ?? Number.POSITIVE_INFINITY) <= bytesEverywhere;
  if (!isLarge || isKnown) return error;
  const videoBytesMax = serverRules?.media?.videoBytesMax;
  const rules = rulesOfServer(serverRules, bytesEverywhere);
  return new PlatformError('content', error.message, {
    platformCode: error.platformCode,
    cause: error,
    learnedRules: {
      ...rules,
      media: { imageBytesMax: bytesEverywhere, ...(videoBytesMax === undefined ? {} : { videoBytesMax }) },
    },
  });
}
