import { z } from 'zod';
import type { PostNumbers } from '../state/audience.ts';
import type { Post } from '../state/posts.ts';
import type { TweetContext } from './tweets.ts';
import { serveText, weightedLength, weightedLengthMax } from './tweet-text.ts';

/** Which fields a reader asked for, and under which names: X is half-way from `tweet` to `post`. */
export type FieldChoice = {
  fields: ReadonlySet<string>;
  names: 'tweet' | 'post';
  /** What else is to be told of what the posts refer to. */
  expansions: ReadonlySet<string>;
  mediaFields: ReadonlySet<string>;
  userFields: ReadonlySet<string>;
};

const CommaList = z
  .string()
  .optional()
  .transform((list) => new Set(list === undefined ? [] : list.split(',').map((name) => name.trim())));

/** @param known what there is; anything else is refused */
const listOf = (known: readonly string[]) =>
  CommaList.refine((names) => [...names].every((name) => known.includes(name)), {
    error: `is not one of [${known.join(',')}]`,
  });

/** As the OpenAPI description has them, under both of X's names. */
const expansionNames = [
  'article.cover_media',
  'article.media_entities',
  'attachments.media_keys',
  'attachments.media_source_tweet',
  'attachments.poll_ids',
  'author_id',
  'edit_history_post_ids',
  'edit_history_tweet_ids',
  'entities.mentions.username',
  'geo.place_id',
  'in_reply_to_user_id',
  'referenced_posts',
  'referenced_posts.id',
  'referenced_posts.id.author_id',
  'referenced_tweets',
  'referenced_tweets.id',
  'referenced_tweets.id.author_id',
  'username',
];

const words = (text: string) => text.trim().split(/\s+/u);

const postFields =
  words(`article article_title attachments author_id card_uri community_id context_annotations conversation_id
  created_at display_text_range edit_controls edit_history_post_ids edit_history_tweet_ids entities geo id in_reply_to_user_id lang
  matched_media_notes media_metadata non_public_metrics note_post note_request_suggestions note_tweet organic_metrics
  paid_partnership possibly_sensitive promoted_metrics public_metrics referenced_posts referenced_tweets reply_settings scopes
  source suggested_source_links suggested_source_links_with_counts text withheld`);
const mediaFields = words(`alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
  promoted_metrics public_metrics type url variants width`);
const userFields =
  words(`affiliation confirmed_email connection_status created_at description entities id is_identity_verified
  location most_recent_post_id most_recent_tweet_id name parody pinned_post_id pinned_tweet_id profile_banner_url
  profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription subscription_type url username
  verified verified_followers_count verified_type withheld`);

export const TweetFieldsQuery = z
  .object({
    'tweet.fields': listOf(postFields),
    'post.fields': listOf(postFields),
    expansions: listOf(expansionNames),
    'media.fields': listOf(mediaFields),
    'user.fields': listOf(userFields),
  })
  .transform((query): FieldChoice => ({
    fields: new Set([...query['tweet.fields'], ...query['post.fields'], ...fieldsFor(query.expansions)]),
    names: query['post.fields'].size > 0 ? 'post' : 'tweet',
    expansions: query.expansions,
    mediaFields: query['media.fields'],
    userFields: query['user.fields'],
  }));

/** Of a look-up of people, whose expansions are others. */
export const UserFieldsQuery = z.object({
  'user.fields': listOf(userFields),
  'tweet.fields': listOf(postFields),
  'post.fields': listOf(postFields),
  expansions: listOf(
    words('affiliation affiliation.user_id most_recent_post_id most_recent_tweet_id pinned_post_id pinned_tweet_id'),
  ),
});

/** An expansion brings the field that it expands. */
function fieldsFor(expansions: ReadonlySet<string>): string[] {
  return [...expansions].map((name) => {
    if (name.startsWith('attachments.')) return 'attachments';
    return /^referenced_(?:tweet|post)s/u.exec(name)?.[0] ?? name;
  });
}

/**
 * `id`, `text` and the edit history are always there, the rest on request.
 * @param isPrivate for its author, for 30 days: numbers that nobody else sees
 */
export function tweetView(
  post: Post,
  { reply, mediaKeys }: TweetContext,
  { fields, names }: Pick<FieldChoice, 'fields' | 'names'>,
  { likes, comments, shares, views, saves, clicks }: PostNumbers,
  isPrivate = false,
): Record<string, unknown> {
  const served = serveText(post.id, post.text, mediaKeys);
  const asked = (name: string, value: unknown) => (fields.has(name) && value !== undefined ? { [name]: value } : {});
  const isLong = weightedLength(post.text) > weightedLengthMax;
  const quoted = post.details['quote_tweet_id'];
  const references = [
    ...(reply === undefined ? [] : [{ type: 'replied_to', id: reply.inReplyTo }]),
    ...(quoted === undefined ? [] : [{ type: 'quoted', id: quoted }]),
  ];
  return {
    id: post.id,
    text: isLong ? `${Array.from(served.text).slice(0, weightedLengthMax).join('')}…` : served.text,
    [`edit_history_${names}_ids`]: [post.id],
    ...asked('author_id', post.account),
    ...asked('created_at', post.createdAt),
    ...asked('conversation_id', reply?.conversation ?? post.id),
    ...asked('in_reply_to_user_id', reply?.inReplyToUser),
    ...asked(`referenced_${names}s`, references.length === 0 ? undefined : references),
    ...asked('entities', entities(served)),
    ...asked('attachments', mediaKeys.length === 0 ? undefined : { media_keys: mediaKeys }),
    ...asked('public_metrics', {
      [names === 'post' ? 'repost_count' : 'retweet_count']: shares,
      reply_count: comments,
      like_count: likes,
      quote_count: 0,
      bookmark_count: saves,
      impression_count: views,
    }),
    ...asked(
      'non_public_metrics',
      isPrivate
        ? { impression_count: views, url_link_clicks: clicks, user_profile_clicks: Math.floor(likes / 10) }
        : undefined,
    ),
    ...asked(`note_${names}`, isLong ? { text: served.text, entities: entities(served) } : undefined),
    ...asked('lang', 'en'),
    ...asked('possibly_sensitive', false),
    ...asked('reply_settings', post.details['reply_settings'] ?? 'everyone'),
    ...asked('community_id', post.details['community_id']),
    ...asked('paid_partnership', post.details['paid_partnership']),
  };
}

function entities({ urls, hashtags, mentions }: ReturnType<typeof serveText>): Record<string, unknown> | undefined {
  const given = Object.entries({ urls, hashtags, mentions }).filter(([, list]) => list.length > 0);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
