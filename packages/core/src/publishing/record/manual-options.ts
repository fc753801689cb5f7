import type { PublicationError } from '@vibetribe/contracts/post';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { PublicationWork } from '../claim/publication-work.ts';

/** What a person needs to post it by hand. */
export function manualOptions(
  adapter: Pick<PlatformAdapter, 'composeUrl'>,
  work: Pick<PublicationWork, 'content' | 'account'>,
  mediaUrls: readonly string[],
): PublicationError['manual'] {
  return {
    text: work.content.text,
    mediaUrls: [...mediaUrls],
    composeUrl: composeUrl(adapter, work),
  };
}

/** Browsers and servers take no longer ones: the page opens empty then, and the text is pasted. */
const urlCharactersMax = 8_000;

function composeUrl(
  adapter: Pick<PlatformAdapter, 'composeUrl'>,
  { content, account }: Pick<PublicationWork, 'content' | 'account'>,
): string | null {
  const url = adapter.composeUrl(content, account);
  return url === null || url.length <= urlCharactersMax ? url : adapter.composeUrl({ ...content, text: '' }, account);
}
