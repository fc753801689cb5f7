import { z } from 'zod';

/** Every platform the product knows. Adding one: its id here, a line in the registry, a folder in `platforms`, a folder in the sandbox. */
export const PlatformId = z.enum([
  'bluesky',
  'discord',
  'facebook',
  'google-business',
  'instagram',
  'linkedin',
  'mastodon',
  'pinterest',
  'threads',
  'tiktok',
  'x',
  'youtube',
]);
export type PlatformId = z.infer<typeof PlatformId>;

export const platformIds: readonly PlatformId[] = PlatformId.options;
