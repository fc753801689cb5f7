import { z } from 'zod';
import type { Application } from './applications.ts';
import { attachmentView } from './attachment-routes.ts';
import type { Attachment } from './attachments.ts';
import type { PostNumbers } from '../state/audience.ts';
import type { accountView } from './account-view.ts';
import { hashtagsOf, renderContent, type RenderContext } from './status-html.ts';
import type { Status } from './statuses.ts';

/** https://docs.joinmastodon.org/entities/Status/ */
export function statusView(
  { post, detail }: Status,
  around: {
    account: ReturnType<typeof accountView>;
    application: Application | undefined;
    attachments: readonly Attachment[];
    context: RenderContext;
    numbers: PostNumbers;
    /** Whether the reader is its author. */
    own: boolean;
  },
) {
  const { account, application, attachments, context, numbers, own } = around;
  return {
    id: post.id,
    created_at: post.createdAt,
    in_reply_to_id: detail.inReplyTo?.id ?? null,
    in_reply_to_account_id: detail.inReplyTo?.account ?? null,
    sensitive: detail.sensitive,
    spoiler_text: detail.spoilerText,
    visibility: detail.visibility,
    language: detail.language,
    uri: `${account.uri}/statuses/${post.id}`,
    url: `${account.url}/${post.id}`,
    replies_count: numbers.comments,
    reblogs_count: numbers.shares,
    favourites_count: numbers.likes,
    quotes_count: 0,
    edited_at: detail.editedAt,
    ...(own
      ? { favourited: false, reblogged: false, muted: false, bookmarked: false, pinned: false, filtered: [] }
      : {}),
    content: renderContent(post.text, context),
    reblog: null,
    application: application === undefined ? null : { name: application.name, website: application.website },
    account,
    media_attachments: attachments.map((attachment) => attachmentView(attachment, true, context.origin)),
    mentions: [],
    tags: hashtagsOf(post.text).map((name) => ({ name, url: `${context.origin}/tags/${encodeURIComponent(name)}` })),
    emojis: [],
    quote: quoteView(post),
    card: null,
    poll: pollView(post),
  };
}

/** https://docs.joinmastodon.org/entities/Poll/ */
function pollView({ id, details, receivedTickMs }: Status['post']) {
  const poll = StatusPoll.safeParse(details['poll']).data;
  if (poll === undefined) return null;
  return {
    id,
    expires_at: new Date(receivedTickMs + poll.expires_in * 1_000).toISOString(),
    expired: false,
    multiple: poll.multiple,
    votes_count: 0,
    voters_count: 0,
    options: poll.options.map((title) => ({ title, votes_count: poll.hide_totals ? null : 0 })),
    emojis: [],
  };
}

const StatusPoll = z.object({
  options: z.array(z.string()),
  expires_in: z.number(),
  multiple: z.boolean(),
  hide_totals: z.boolean(),
});

/** https://docs.joinmastodon.org/entities/Quote/ */
function quoteView({ details }: Status['post']) {
  const id = details['quoted_status_id'];
  return id === undefined ? null : { state: 'accepted', quoted_status_id: id };
}
