import { readNode } from '../graph/read-node.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { SandboxState } from '../state/sandbox-state.ts';
import type { FacebookParts } from './parts.ts';
import type { Photo } from './photos.ts';
import { receivedBytes, type Video } from './videos.ts';

/** Times as the Graph API writes them: without fractions, with an offset. */
export function graphTime(iso: string): string {
  return `${iso.slice(0, 19)}+0000`;
}

export function viewPost(context: SiteContext, parts: FacebookParts, post: Post, fields: string | undefined) {
  const page = context.sandbox.accounts.byId(context.site, post.account);
  const draft = parts.posts.context(post.id);
  const { likes, comments, shares } = context.sandbox.audience.ofPost(post);
  const written = parts.comments.below(post.id, 0).length;
  const node = {
    id: post.id,
    message: post.text === '' ? undefined : post.text,
    created_time: graphTime(post.createdAt),
    updated_time: graphTime(post.createdAt),
    permalink_url: postUrl(context, post.id),
    is_published: true,
    from: { name: page?.displayName ?? '', id: post.account },
    attachments: attachmentsOf(draft?.photos ?? [], draft?.link ?? null),
    comments: counted(comments + written),
    reactions: counted(likes),
    shares: shares === 0 ? undefined : { count: shares },
    status_type: 'mobile_status_update',
  };
  return readNode(node, fields, ['created_time', 'message']);
}

export function viewDraft(context: SiteContext, id: string, parts: FacebookParts, fields: string | undefined) {
  const draft = parts.posts.draftOf(id);
  if (draft === undefined) return undefined;
  const node = {
    id,
    message: draft.message === '' ? undefined : draft.message,
    created_time: graphTime(draft.createdAt),
    updated_time: graphTime(draft.createdAt),
    permalink_url: postUrl(context, id),
    is_published: false,
    from: { name: '', id: draft.page },
    attachments: attachmentsOf(draft.photos, draft.link),
  };
  return readNode(node, fields, ['created_time', 'message']);
}

export function viewVideo(context: SiteContext, { videos }: FacebookParts, video: Video, fields: string | undefined) {
  const state = videos.stateOf(video);
  const phase = (done: boolean) => ({ status: done ? 'complete' : 'not_started' });
  const isUploaded = video.finishedAtMs !== null;
  const processing = { uploading: 'not_started', processing: 'in_progress', ready: 'complete', error: 'error' }[state];
  const node = {
    id: video.id,
    description: undefined,
    published: state === 'ready',
    permalink_url: `/${video.page}/videos/${video.id}/`,
    post_id: video.post ?? undefined,
    length: 2,
    status: {
      video_status: state === 'uploading' ? 'upload_complete' : state,
      uploading_phase: {
        ...(isUploaded ? { status: 'complete' } : { status: 'in_progress' }),
        bytes_transferred: receivedBytes(video),
      },
      processing_phase: {
        status: processing,
        ...(state === 'error' ? { errors: [{ code: 1_363_128, message: 'The video format is not supported.' }] } : {}),
      },
      publishing_phase: { ...phase(state === 'ready'), publish_status: state === 'ready' ? 'published' : 'draft' },
    },
  };
  return readNode(
    node,
    fields,
    ['description', 'updated_time'].filter((name) => name in node),
  );
}

export function viewPhoto(context: SiteContext, photo: Photo, fields: string | undefined) {
  const node = {
    id: photo.id,
    alt_text_custom: photo.medium.alt ?? undefined,
    width: photo.medium.width,
    height: photo.medium.height,
    link: `${context.origin()}/photo/${photo.id}`,
    page_story_id: photo.post ?? undefined,
  };
  return readNode(node, fields, ['link']);
}

export function viewPage(
  { audience }: Pick<SandboxState, 'audience'>,
  page: Account,
  fields: string | undefined,
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const node = {
    id: page.id,
    name: page.displayName,
    username: page.handle,
    category: 'Local Business',
    tasks: ['ADVERTISE', 'ANALYZE', 'CREATE_CONTENT', 'MESSAGING', 'MODERATE', 'MANAGE'],
    picture: { data: { is_silhouette: true, url: 'https://example.com/picture.png' } },
    followers_count: audience.followers(page),
    fan_count: 0,
    link: `https://www.facebook.com/${page.id}`,
    access_token: undefined,
    instagram_business_account: undefined,
    ...more,
  };
  return readNode(node, fields, ['name']);
}

export function postUrl({ origin }: SiteContext, id: string): string {
  return `${origin()}/${id.replace('_', '/posts/')}`;
}

function attachmentsOf(photos: readonly string[], link: string | null) {
  const shown = photos.map((id) => ({ type: 'photo', target: { id } }));
  const linked = link === null ? [] : [{ type: 'share', url: link, target: { url: link } }];
  const data = [...shown, ...linked];
  return data.length === 0 ? undefined : { data };
}

function counted(total: number) {
  return { data: [], summary: { total_count: total } };
}
