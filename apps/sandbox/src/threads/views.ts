import { readNode } from '../graph/read-node.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { Container } from './containers.ts';
import type { ThreadsParts } from './parts.ts';

/** Times as this API writes them. */
function timeOf(iso: string): string {
  return `${iso.slice(0, 19)}+0000`;
}

export function viewPost(context: SiteContext, parts: ThreadsParts, post: Post, fields: string | undefined) {
  const facts = parts.posts.factsOf(post.id);
  const [first] = post.media;
  const node = {
    id: post.id,
    media_product_type: 'THREADS',
    media_type: post.media.length > 1 ? 'CAROUSEL_ALBUM' : mediaTypeOf(first?.type),
    text: post.text === '' ? undefined : post.text,
    permalink: postPageUrl(context, facts?.shortcode ?? post.id),
    shortcode: facts?.shortcode,
    timestamp: timeOf(post.createdAt),
    username: context.sandbox.accounts.byId(context.site, post.account)?.handle,
    owner: { id: post.account },
    alt_text: first?.alt ?? undefined,
    is_reply: facts?.replyTo !== null,
    replied_to: nodeOf(facts?.replyTo),
    root_post: nodeOf(facts?.root),
    link_attachment_url: facts?.attachment ?? undefined,
    topic_tag: facts?.topicTag ?? undefined,
    reply_audience: facts?.replyControl.toUpperCase(),
  };
  return readNode(node, fields, []);
}

function mediaTypeOf(type: string | undefined): string {
  return type === 'video' ? 'VIDEO' : type === 'image' ? 'IMAGE' : 'TEXT_POST';
}

function nodeOf(id: string | null | undefined) {
  return typeof id === 'string' ? { id } : undefined;
}

/** A container tells no more than this. */
export function viewContainer({ containers }: ThreadsParts, container: Container, fields: string | undefined) {
  const status = containers.statusOf(container);
  const node = {
    id: container.id,
    status,
    error_message: status === 'ERROR' ? (container.fault ?? 'UNKNOWN') : undefined,
  };
  return readNode(node, fields, []);
}

export function viewAccount({ id, handle, displayName }: Account, fields: string | undefined) {
  const node = {
    id,
    username: handle,
    name: displayName,
    threads_profile_picture_url: undefined,
    threads_biography: '',
    is_verified: false,
  };
  return readNode(node, fields, []);
}

export function postPageUrl({ origin }: SiteContext, shortcode: string): string {
  return `${origin()}/post/${shortcode}`;
}
