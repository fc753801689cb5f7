import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Variant } from '@vibetribe/contracts/post';
import { mediaFaults, type PostMedia } from './post-media.ts';

/** The part of a request that says what goes where. */
export interface Variants {
  readonly mediaIds?: readonly string[] | undefined;
  readonly variants?: Readonly<Record<string, Variant>> | undefined;
}

export function variantOf(variants: Variants['variants'], accountId: string): Variant {
  if (variants === undefined || !Object.hasOwn(variants, accountId)) return {};
  return variants[accountId] ?? {};
}

export function namedMediaIds({ mediaIds, variants }: Variants): string[] {
  return [...(mediaIds ?? []), ...Object.values(variants ?? {}).flatMap((variant) => variant.mediaIds ?? [])];
}

/** Variants for accounts that the post does not go to, and media that is not there. */
export function variantFaults(
  { mediaIds, variants }: Variants,
  accountIds: readonly string[],
  media: PostMedia,
): FieldFault[] {
  const ofVariants = Object.entries(variants ?? {}).flatMap(([accountId, variant]) => {
    const path = `variants.${accountId}`;
    if (!accountIds.includes(accountId)) return [{ path, message: 'is for an account that is not among accountIds' }];
    return mediaFaults(`${path}.mediaIds`, variant.mediaIds ?? [], media);
  });
  return [...mediaFaults('mediaIds', mediaIds ?? [], media), ...ofVariants];
}

/** Media of stored parts that is gone meanwhile, by where it is named. A part with media of its own does not use the post's. */
export function goneMediaFaults(
  post: { readonly mediaIds: readonly string[] },
  parts: readonly { readonly accountId: string; readonly variant: Variant }[],
  media: PostMedia,
): FieldFault[] {
  const usesPost = parts.some(({ variant }) => variant.mediaIds === undefined);
  return [
    ...(usesPost ? mediaFaults('mediaIds', post.mediaIds, media) : []),
    ...parts.flatMap(({ accountId, variant }) =>
      mediaFaults(`variants.${accountId}.mediaIds`, variant.mediaIds ?? [], media),
    ),
  ];
}

/** What an edit keeps of the stored media; what it gives anew is checked with it. */
export function keptMediaFaults(
  post: { readonly mediaIds: readonly string[] },
  change: Variants,
  parts: readonly { readonly accountId: string; readonly variant: Variant }[],
  media: PostMedia,
): FieldFault[] {
  return goneMediaFaults({ mediaIds: change.mediaIds === undefined ? post.mediaIds : [] }, parts, media).filter(
    ({ path }) => change.variants === undefined || path.startsWith('mediaIds'),
  );
}
