import { z } from 'zod';
import type { ServerRules } from '../port/account.ts';
import { mastodonTextMax, mastodonUrlCharacters } from './text.ts';

/** Some servers write their numbers as text. */
const number = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/u)
    .transform(Number),
]);
/** A limit that cannot be meant is as good as none. */
const limit = (max: number) => number.pipe(z.int().min(1).max(max)).optional().catch(undefined);
const name = z.string().max(2_000).optional().catch(undefined);
const part = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).optional().catch(undefined);
const terabyte = 1024 ** 4;

/**
 * https://docs.joinmastodon.org/entities/Instance/ and /entities/V1_Instance/, read 2026-11, and what servers that speak Mastodon's API
 * have in their place. Each number stands for itself: one that is odd or missing voids no other.
 */
export const Instance = z.object({
  domain: name,
  account_domain: name,
  uri: name,
  version: name,
  max_toot_chars: limit(10_000_000),
  upload_limit: limit(terabyte),
  description_limit: limit(100_000),
  configuration: part({
    statuses: part({
      max_characters: limit(10_000_000),
      characters_reserved_per_url: number.pipe(z.int().min(0).max(10_000)).optional().catch(undefined),
      max_media_attachments: limit(1_000_000),
    }),
    media_attachments: part({
      description_limit: limit(100_000),
      supported_mime_types: z.array(z.string().max(100)).min(1).max(200).optional().catch(undefined),
      image_size_limit: limit(terabyte),
      image_matrix_limit: limit(1e12),
      video_size_limit: limit(terabyte),
      video_matrix_limit: limit(1e12),
      video_frame_rate_limit: limit(10_000),
    }),
    polls: part({
      max_options: limit(100_000),
      max_characters_per_option: limit(100_000),
      min_expiration: number.pipe(z.int().min(0).max(1e9)).optional().catch(undefined),
      max_expiration: limit(1e12),
    }),
  }),
});
export type Instance = z.infer<typeof Instance>;

/** What is stored with the account. Where a server that is not Mastodon itself does not say what a link counts, it counts as it is. */
export function serverRulesIn(instance: Instance, { software }: { software: string | null }): ServerRules {
  const { statuses, media_attachments: told } = instance.configuration ?? {};
  const media = {
    countMax: boundedCount(statuses?.max_media_attachments),
    altCharactersMax: told?.description_limit ?? instance.description_limit,
    mimeTypes: told?.supported_mime_types,
    imageBytesMax: told?.image_size_limit ?? instance.upload_limit,
    imagePixelsMax: told?.image_matrix_limit,
    videoBytesMax: told?.video_size_limit ?? instance.upload_limit,
    videoPixelsMax: told?.video_matrix_limit,
    framesPerSecondMax: told?.video_frame_rate_limit,
  };
  const known = Object.entries(media).filter(([, value]) => value !== undefined);
  return {
    textMax: statuses?.max_characters ?? instance.max_toot_chars ?? mastodonTextMax,
    urlCharacters: urlCharactersOf(statuses?.characters_reserved_per_url, software),
    ...(known.length === 0 ? {} : { media: Object.fromEntries(known) }),
    ...pollsIn(instance.configuration?.polls),
  };
}

function pollsIn(told: NonNullable<Instance['configuration']>['polls']): Pick<ServerRules, 'polls'> {
  const { max_options: optionsMax, max_characters_per_option: optionCharactersMax } = told ?? {};
  const { min_expiration: secondsMin, max_expiration: secondsMax } = told ?? {};
  const polls = {
    optionsMax,
    optionCharactersMax,
    minutesMin: secondsMin === undefined ? undefined : Math.ceil(secondsMin / 60),
    minutesMax: secondsMax === undefined ? undefined : Math.floor(secondsMax / 60),
  };
  const known = Object.entries(polls).filter(([, value]) => value !== undefined);
  return known.length === 0 ? {} : { polls: Object.fromEntries(known) };
}

/** Pleroma says 1,000, which is as good as any number. */
function boundedCount(told: number | undefined): number | undefined {
  return told === undefined ? undefined : Math.min(told, mediaCountMax);
}

const mediaCountMax = 100;

export function saysLimits({ configuration, max_toot_chars, upload_limit, description_limit }: Instance): boolean {
  const told = { ...configuration?.statuses, ...configuration?.media_attachments };
  return [...Object.values(told), max_toot_chars, upload_limit, description_limit].some((value) => value !== undefined);
}

function urlCharactersOf(told: number | undefined, software: string | null): number | null {
  if (told === undefined) return software === 'mastodon' ? mastodonUrlCharacters : null;
  return told === 0 ? null : told;
}
