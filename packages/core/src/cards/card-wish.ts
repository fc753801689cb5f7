import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { LinkCardWish } from '@vibetribe/platforms/port/link-card';
import type { PartContent } from '../content/part-contents.ts';

export interface PartWish extends LinkCardWish {
  /** The post brings a picture of its own, so that none is looked for on the page. */
  readonly hasOwnPicture: boolean;
}

/** The card that a part shows; null where it shows none. */
export function wishOf(
  { linkCard }: Pick<PlatformAdapter, 'linkCard'>,
  { kind, content, mediaIds }: PartContent,
): PartWish | null {
  const mediaCount = mediaIds.length;
  const wish = kind === 'comment' ? null : (linkCard?.(content, { mediaCount }) ?? null);
  return wish === null ? null : { ...wish, hasOwnPicture: wish.mediaId !== undefined || mediaCount > 0 };
}

/** Whether something is missing that its page may say. */
export function readsPage({ title, description, hasOwnPicture }: PartWish): boolean {
  return title === undefined || description === undefined || !hasOwnPicture;
}
