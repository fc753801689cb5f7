import type { MediaUse, Variant } from '@vibetribe/contracts/post';

/** Alternative texts of a post alone, by the id of the file; null: it is to have none. */
export type MediaAlts = Readonly<Record<string, string | null>>;

export function altsOf(media: readonly MediaUse[] | undefined): MediaAlts {
  return Object.fromEntries((media ?? []).flatMap(({ id, alt }) => (alt === undefined ? [] : [[id, alt]])));
}

/** What an account's copy says of its files: its variant's texts before the post's. */
export function altsFor(postAlts: MediaAlts, { media }: Variant): MediaAlts {
  return { ...postAlts, ...altsOf(media) };
}

/** @param own the file's */
export function altFor(alts: MediaAlts, id: string, own: string | null): string | null {
  const alt = Object.hasOwn(alts, id) ? alts[id] : own;
  return alt === undefined || alt === '' ? null : alt;
}

export function usesOf(mediaIds: readonly string[], alts: MediaAlts): MediaUse[] {
  return mediaIds.map((id) => (Object.hasOwn(alts, id) ? { id, alt: alts[id] ?? null } : { id }));
}
