import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { MediaUse, ThreadPart, Variant } from '@vibetribe/contracts/post';
import { z } from 'zod';
import { mediaUseFaults } from './media-use.ts';
import { mediaFaults, type PostMedia } from './post-media.ts';

/** The part of a request that says what goes where. */
export interface Variants {
  readonly mediaIds?: readonly string[] | undefined;
  readonly media?: readonly MediaUse[] | undefined;
  readonly thread?: readonly ThreadPart[] | null | undefined;
  readonly variants?: Readonly<Record<string, Variant>> | undefined;
}

export function variantOf(variants: Variants['variants'], accountId: string): Variant {
  if (variants === undefined || !Object.hasOwn(variants, accountId)) return {};
  return variants[accountId] ?? {};
}

export function namedMediaIds({ variants, ...post }: Variants): string[] {
  return [...mediaIdsIn(post), ...Object.values(variants ?? {}).flatMap(mediaIdsIn)];
}

/** Those of a post or a variant, and of its thread; with the pictures of cards. */
export function mediaIdsIn({ mediaIds, thread, options }: NamedContent): string[] {
  return [
    ...(mediaIds ?? []),
    ...cardMediaIds(options),
    ...(thread ?? []).flatMap((part) => [...(part.mediaIds ?? []), ...cardMediaIds(part.options)]),
  ];
}

type NamedContent = Omit<Variants, 'variants'> & Pick<Variant, 'options'>;

/** The picture that `options.card` names; whatever else stands there is its platform's to judge. */
function cardMediaIds(options: Variant['options']): string[] {
  const { data } = CardPicture.safeParse(options?.['card']);
  return data === undefined ? [] : [data.mediaId];
}

const CardPicture = z.object({ mediaId: z.string() });

function cardFaults(above: string, options: Variant['options'], media: PostMedia): FieldFault[] {
  const path = `${above}options.card.mediaId`;
  return cardMediaIds(options).flatMap((id) => (media.has(id) ? [] : [{ path, message: 'There is no such media.' }]));
}

/** @param above what stands before its fields: `variants.<id>.` */
export function contentMediaFaults(
  above: string,
  { mediaIds, thread, options }: NamedContent,
  media: PostMedia,
): FieldFault[] {
  return [
    ...mediaFaults(`${above}mediaIds`, mediaIds ?? [], media),
    ...cardFaults(above, options, media),
    ...(thread ?? []).flatMap((part, index) => [
      ...mediaFaults(`${above}thread.${index}.mediaIds`, part.mediaIds ?? [], media),
      ...cardFaults(`${above}thread.${index}.`, part.options, media),
    ]),
  ];
}

/** Variants for accounts that the post does not go to, and media that is not there. */
export function variantFaults(
  { variants, ...post }: Variants,
  accountIds: readonly string[],
  media: PostMedia,
): FieldFault[] {
  const ofVariants = Object.entries(variants ?? {}).flatMap(([accountId, variant]) => {
    const path = `variants.${accountId}`;
    if (!accountIds.includes(accountId)) return [{ path, message: 'is for an account that is not among accountIds' }];
    return [...mediaUseFaults(`${path}.`, variant), ...contentMediaFaults(`${path}.`, variant, media)];
  });
  return [...mediaUseFaults('', post), ...contentMediaFaults('', post, media), ...ofVariants];
}

/** Media of what is stored that is gone meanwhile, by where it is named. A copy with media or a thread of its own does not use the post's. */
export function goneMediaFaults(
  post: { readonly mediaIds: readonly string[]; readonly thread: readonly ThreadPart[] | null },
  copies: readonly { readonly accountId: string; readonly variant: Variant }[],
  media: PostMedia,
): FieldFault[] {
  const used = {
    mediaIds: copies.some(({ variant }) => variant.mediaIds === undefined) ? post.mediaIds : [],
    thread: copies.some(({ variant }) => variant.thread === undefined) ? post.thread : [],
  };
  return [
    ...contentMediaFaults('', used, media),
    ...copies.flatMap(({ accountId, variant }) => contentMediaFaults(`variants.${accountId}.`, variant, media)),
  ];
}

/** What an edit keeps of the stored media; what it gives anew is checked with it. */
export function keptMediaFaults(
  post: { readonly mediaIds: readonly string[]; readonly thread: readonly ThreadPart[] | null },
  change: Variants,
  copies: readonly { readonly accountId: string; readonly variant: Variant }[],
  media: PostMedia,
): FieldFault[] {
  const kept = {
    mediaIds: change.mediaIds === undefined ? post.mediaIds : [],
    thread: change.thread === undefined ? post.thread : [],
  };
  return goneMediaFaults(kept, copies, media).filter(
    ({ path }) => change.variants === undefined || !path.startsWith('variants.'),
  );
}
