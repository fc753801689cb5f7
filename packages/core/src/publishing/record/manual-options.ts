import type { PublicationError } from '@vibetribe/contracts/post';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { PublicationWork } from '../claim/publication-work.ts';

/** What a person needs to post it by hand. */
export function manualOptions(
  adapter: Pick<PlatformAdapter, 'composeUrl'>,
  work: PublicationWork,
  mediaUrls: readonly string[],
): PublicationError['manual'] {
  return {
    text: work.content.text,
    mediaUrls: [...mediaUrls],
    composeUrl: adapter.composeUrl(work.content, work.account),
  };
}
