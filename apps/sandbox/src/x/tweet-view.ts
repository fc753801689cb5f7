import { z } from 'zod';
import type { Post } from '../world/posts.ts';
import type { TweetContext } from './tweets.ts';
import { serveText } from './tweet-text.ts';

/** Which fields a reader asked for, and under which names: X is half-way from `tweet` to `post`. */
export type FieldChoice = { fields: ReadonlySet<string>; names: 'tweet' | 'post' };

const CommaList = z
  .string()
  .optional()
  .transform((list) => new Set(list === undefined ? [] : list.split(',').map((name) => name.trim())));

export const TweetFieldsQuery = z
  .object({ 'tweet.fields': CommaList, 'post.fields': CommaList })
  .transform((query): FieldChoice => ({
    fields: new Set([...query['tweet.fields'], ...query['post.fields']]),
    names: query['post.fields'].size > 0 ? 'post' : 'tweet',
  }));

/** `id`, `text` and the edit history are always there, the rest on request. */
export function tweetView(
  post: Post,
  { reply, mediaKeys }: TweetContext,
  { fields, names }: FieldChoice,
): Record<string, unknown> {
  const served = serveText(post.id, post.text, mediaKeys);
  const asked = (name: string, value: unknown) => (fields.has(name) && value !== undefined ? { [name]: value } : {});
  const references = reply === undefined ? undefined : [{ type: 'replied_to', id: reply.inReplyTo }];
  return {
    id: post.id,
    text: served.text,
    [`edit_history_${names}_ids`]: [post.id],
    ...asked('author_id', post.account),
    ...asked('created_at', post.createdAt),
    ...asked('conversation_id', reply?.conversation ?? post.id),
    ...asked('in_reply_to_user_id', reply?.inReplyToUser),
    ...asked(`referenced_${names}s`, references),
    ...asked('entities', entities(served)),
    ...asked('attachments', mediaKeys.length === 0 ? undefined : { media_keys: mediaKeys }),
    ...asked('public_metrics', {
      [names === 'post' ? 'repost_count' : 'retweet_count']: 0,
      reply_count: 0,
      like_count: 0,
      quote_count: 0,
      bookmark_count: 0,
      impression_count: 0,
    }),
    ...asked('lang', 'en'),
    ...asked('possibly_sensitive', false),
    ...asked('reply_settings', 'everyone'),
  };
}

function entities({ urls, hashtags, mentions }: ReturnType<typeof serveText>): Record<string, unknown> | undefined {
  const given = Object.entries({ urls, hashtags, mentions }).filter(([, list]) => list.length > 0);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
