import { isDeepStrictEqual } from 'node:util';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { MediaUse, Variant } from '@vibetribe/contracts/post';
import { altsOf } from '../../media/media-alts.ts';
import type { PostRow } from '../store/find-post.ts';

interface NamesMedia {
  readonly mediaIds?: readonly string[] | undefined;
  readonly media?: readonly MediaUse[] | undefined;
}

/** `media` names its files in `mediaIds` too, where that does not name others. */
export function settleMedia<Given extends NamesMedia & { readonly variants?: Record<string, Variant> | undefined }>(
  given: Given,
): Given {
  const { variants } = given;
  return {
    ...withIds(given),
    ...(variants === undefined
      ? {}
      : { variants: Object.fromEntries(Object.entries(variants).map(([id, variant]) => [id, withIds(variant)])) }),
  };
}

function withIds<Given extends NamesMedia>(given: Given): Given {
  const { media, mediaIds } = given;
  return media === undefined || mediaIds !== undefined ? given : { ...given, mediaIds: media.map(({ id }) => id) };
}

/** Of what was settled: `media` beside `mediaIds` names the same files in the same order, and a file with a text once. */
export function mediaUseFaults(path: string, { media, mediaIds = [] }: NamesMedia): FieldFault[] {
  if (media === undefined) return [];
  const ids = media.map(({ id }) => id);
  if (!isDeepStrictEqual(ids, mediaIds))
    return [{ path: `${path}media`, message: 'must name the same files as mediaIds, in the same order' }];
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [{ path: `${path}media.${index}.id`, message: 'names a file twice' }],
  );
}

/** A post's files after a change; texts of files that stay, stay. */
export function mediaAfter(
  { mediaIds, mediaAlts }: Pick<PostRow, 'mediaIds' | 'mediaAlts'>,
  change: NamesMedia,
): Pick<PostRow, 'mediaIds' | 'mediaAlts'> {
  if (change.mediaIds === undefined) return { mediaIds, mediaAlts };
  const ids = [...change.mediaIds];
  const alts = change.media === undefined ? mediaAlts : altsOf(change.media);
  return { mediaIds: ids, mediaAlts: Object.fromEntries(Object.entries(alts).filter(([id]) => ids.includes(id))) };
}
