import { PlatformError } from '../port/platform-error.ts';
import type { MediaItem } from '../port/content.ts';

/** The address a platform fetches a medium from. @throws PlatformError `permission` where this installation has none */
export function urlOfMedia({ url }: Pick<MediaItem, 'url'>, platformName: string): string {
  if (url !== null) return url;
  const message = `${platformName} fetches pictures and videos by itself, and this service has no address of its own: set PUBLIC_URL`;
  throw new PlatformError('permission', message, { platformCode: 'media_url_missing' });
}
