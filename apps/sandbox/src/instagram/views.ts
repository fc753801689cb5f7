import { readNode } from '../graph/read-node.ts';
import type { SiteContext } from '../site.ts';
import type { Post } from '../state/posts.ts';
import type { ContainerStatus } from './containers.ts';
import type { InstagramParts } from './parts.ts';

/** Times as this API writes them. */
function timeOf(iso: string): string {
  return `${iso.slice(0, 19)}+0000`;
}

export function viewMedia(context: SiteContext, parts: InstagramParts, post: Post, fields: string | undefined) {
  const facts = parts.posts.factsOf(post.id);
  const [first] = post.media;
  const { likes, comments } = context.sandbox.audience.ofPost(post);
  const node = {
    id: post.id,
    caption: post.text === '' ? undefined : post.text,
    media_type: post.media.length > 1 ? 'CAROUSEL_ALBUM' : first?.type === 'video' ? 'VIDEO' : 'IMAGE',
    media_product_type: facts?.kind === 'story' ? 'STORY' : facts?.kind === 'reel' ? 'REELS' : 'FEED',
    permalink: mediaUrl(context, facts?.shortcode ?? post.id),
    shortcode: facts?.shortcode,
    timestamp: timeOf(post.createdAt),
    username: context.sandbox.accounts.byId(context.site, post.account)?.handle,
    owner: { id: post.account },
    alt_text: first?.alt ?? undefined,
    like_count: likes,
    comments_count: comments + parts.comments.below(post.id, 0).length,
    is_comment_enabled: true,
    media_url: undefined,
    thumbnail_url: undefined,
  };
  return readNode(node, fields, []);
}

export function mediaUrl({ origin }: SiteContext, shortcode: string): string {
  return `${origin()}/p/${shortcode}/`;
}

const texts: Readonly<Record<ContainerStatus, string>> = {
  EXPIRED: 'Expired: The container was not published within 24 hours and has expired.',
  ERROR: 'Error: Media upload has failed with error code',
  FINISHED: 'Finished: Media has been uploaded and it is ready to be published.',
  IN_PROGRESS: 'In Progress: Media is still being processed.',
  PUBLISHED: 'Published: Media has been published.',
};

export function statusText(code: ContainerStatus, fault: number | null): string {
  return code === 'ERROR' ? `${texts.ERROR} ${fault}` : texts[code];
}
