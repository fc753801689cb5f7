import type { Post } from '@vibetribe/contracts/post';
import { postStatusOf } from '@vibetribe/contracts/post-status';
import type { FoundPost } from '../store/find-post.ts';
import { usesOf } from '../../media/media-alts.ts';
import { presentPublication } from './present-publication.ts';

/** A post and the version its ETag carries: it rises with every edit, not with what happens to its publications. */
export interface VersionedPost {
  readonly post: Post;
  readonly version: number;
}

export function presentVersioned(found: FoundPost & { readonly warnings?: Post['warnings'] }): VersionedPost {
  return { post: presentPost(found), version: found.post.version };
}

/** A post as clients see it. */
export function presentPost({
  post,
  publications,
  warnings = [],
}: FoundPost & { readonly warnings?: Post['warnings'] }): Post {
  return {
    id: post.id,
    status: postStatusOf(publications),
    content: post.content,
    mediaIds: post.mediaIds,
    thread: post.thread ?? [],
    media: usesOf(post.mediaIds, post.mediaAlts),
    variants: Object.fromEntries(
      publications.flatMap(({ accountId, variant }) => (isEmpty(variant) ? [] : [[accountId, variant]])),
    ),
    scheduledAt: post.scheduledAt?.toISOString() ?? null,
    timezone: post.timezone,
    priority: post.priority,
    misfire: post.misfire,
    createdAt: post.createdAt.toISOString(),
    updatedAt: post.updatedAt.toISOString(),
    publications: publications.map(presentPublication),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function isEmpty(variant: object): boolean {
  return Object.keys(variant).length === 0;
}
