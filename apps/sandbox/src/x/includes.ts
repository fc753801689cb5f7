import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { isPremium } from './premium.ts';
import { type FieldChoice, tweetView } from './tweet-view.ts';
import type { Tweets } from './tweets.ts';

/** What the posts of an answer refer to, each once: https://docs.x.com/x-api/fundamentals/expansions. Empty where nothing was asked for. */
export function includesOf(
  context: SiteContext,
  tweets: Tweets,
  posts: readonly Post[],
  choice: FieldChoice,
): { includes?: Record<string, unknown> } {
  const { expansions, names } = choice;
  const wants = (...given: readonly string[]) => given.some((name) => expansions.has(name));
  const referred = posts.flatMap(({ id }) => tweets.get(tweets.context(id).reply?.inReplyTo ?? '') ?? []);
  const people = [
    ...(wants('author_id') ? posts.map(({ account }) => account) : []),
    ...(wants('in_reply_to_user_id') ? posts.flatMap(({ id }) => tweets.context(id).reply?.inReplyToUser ?? []) : []),
    ...(wants('referenced_tweets.id.author_id', 'referenced_posts.id.author_id')
      ? referred.map(({ account }) => account)
      : []),
  ];
  const given = {
    users: unique(people).flatMap((id) => {
      const account = context.sandbox.accounts.byId(context.site, id);
      return account === undefined ? [] : [userView(context, account, choice.userFields, names)];
    }),
    media: wants('attachments.media_keys') ? posts.flatMap((post) => mediaOf(post, tweets, choice.mediaFields)) : [],
    [`${names}s`]: [...expansions].some((name) => name.startsWith('referenced_'))
      ? [...new Map(referred.map((post) => [post.id, post])).values()].map((post) =>
          tweetView(post, tweets.context(post.id), choice, context.sandbox.audience.ofPost(post)),
        )
      : [],
  };
  const filled = Object.entries(given).filter(([, list]) => list.length > 0);
  return filled.length === 0 ? {} : { includes: Object.fromEntries(filled) };
}

export function userView(
  { site, sandbox }: SiteContext,
  account: Account,
  fields: ReadonlySet<string>,
  names: FieldChoice['names'],
) {
  const { id, displayName, handle } = account;
  const numbers = {
    followers_count: sandbox.audience.followers(account),
    following_count: 0,
    [`${names}_count`]: sandbox.posts.ofAccount(site, id).length,
    listed_count: 0,
    like_count: 0,
  };
  return {
    id,
    name: displayName,
    username: handle,
    ...(fields.has('verified') ? { verified: isPremium(account) } : {}),
    ...(fields.has('verified_type') ? { verified_type: isPremium(account) ? 'blue' : 'none' } : {}),
    ...(fields.has('subscription_type') ? { subscription_type: isPremium(account) ? 'Premium' : 'None' } : {}),
    ...(fields.has('public_metrics') ? { public_metrics: numbers } : {}),
  };
}

function mediaOf(post: Post, tweets: Tweets, fields: ReadonlySet<string>): Record<string, unknown>[] {
  const { mediaKeys } = tweets.context(post.id);
  const asked = (name: string, value: unknown) => (fields.has(name) && value !== null ? { [name]: value } : {});
  return post.media.flatMap(({ type, width, height, alt }, index) => {
    const key = mediaKeys[index];
    if (key === undefined) return [];
    return [
      {
        media_key: key,
        type: type === 'video' ? 'video' : 'photo',
        ...asked('width', width),
        ...asked('height', height),
        ...asked('alt_text', alt),
        ...(type === 'video' ? {} : asked('url', `https://pbs.twimg.com/media/${key}.jpg`)),
      },
    ];
  });
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
