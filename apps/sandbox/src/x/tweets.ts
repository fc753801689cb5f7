import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { forbidden, invalidRequest } from './answers.ts';
import type { TweetBody } from './tweet-body.ts';
import type { Uploads } from './uploads.ts';
import { isPremium, longTextMax } from './premium.ts';
import { hasForbidden, isAcceptable, weightedLength, weightedLengthMax } from './tweet-text.ts';

/** Where a tweet stands in a conversation; only replies have a row. */
export type Reply = z.infer<typeof Reply>;

/** What a tweet answers, and the keys of its media. */
export type TweetContext = { reply: Reply | undefined; mediaKeys: readonly string[] };

export type Tweets = {
  /** @throws {RefusalError} 400 or 403: the text is too long, empty or a duplicate, what it refers to is missing */
  create(account: Account, body: TweetBody): Post;
  get(id: string): Post | undefined;
  context(id: string): TweetContext;
  remove(post: Post): void;
  clear(): Change[];
};

/** X does not tell its window; a day is what publishers see. */
const duplicateWindowMs = 24 * 3_600_000;
const xEpochMs = 1_288_834_974_657;

export function createTweets({ site, platform, sandbox }: SiteContext, uploads: Uploads): Tweets {
  const { store, posts, clock } = sandbox;
  const replies = store.table('x.replies', Reply);
  const attachments = store.table('x.attachments', Attachments);
  const newestByText = new Map<string, Post>();
  const nextId = createSnowflake({
    epochMs: xEpochMs,
    sequenceBits: 22,
    wallMs: clock.wallMs,
    isTaken: (id) => posts.get(site, id) !== undefined,
  });

  posts.onChange((before, after) => {
    if (after?.site === site) newestByText.set(contentKey(after), after);
    else if (before?.site === site) {
      const key = contentKey(before);
      if (newestByText.get(key)?.id === before.id) newestByText.delete(key);
    }
  });

  function checkText(account: Account, text: string, hasMedia: boolean): void {
    if (text === '' && hasMedia) return;
    if (text.trim() === '') {
      throw new RefusalError(
        invalidRequest([{ message: '[$.text: is required without media]', parameters: { text: [text] } }]),
      );
    }
    if (weightedLength(text) > (isPremium(account) ? longTextMax : weightedLengthMax))
      throw new RefusalError(invalidRequest([{ message: tooLong, parameters: {} }]));
    if (isPremium(account) ? hasForbidden(text) : !isAcceptable(text)) {
      throw new RefusalError(
        invalidRequest([{ message: 'Your Tweet text is invalid.', parameters: { text: [text] } }]),
      );
    }
  }

  function checkNew(content: Pick<Post, 'account' | 'text' | 'media'>): void {
    const same = newestByText.get(contentKey(content));
    if (same !== undefined && clock.nowMs() - same.receivedTickMs < duplicateWindowMs) {
      throw new RefusalError(forbidden('You are not allowed to create a Tweet with duplicate content.'));
    }
  }

  function replyRow(id: string, target: string | undefined): Reply | undefined {
    if (target === undefined) return undefined;
    const parent = posts.get(site, target);
    if (parent === undefined) {
      throw new RefusalError(forbidden('You attempted to reply to a Tweet that is deleted or not visible to you.'));
    }
    return {
      id,
      inReplyTo: target,
      inReplyToUser: parent.account,
      conversation: replies.get(target)?.conversation ?? target,
    };
  }

  return {
    create(account, body) {
      const attached = uploads.attachable(account, body.media?.media_ids ?? []);
      const media = attached.flatMap(({ file }) => file ?? []);
      const text = (body.text ?? '').normalize('NFC');
      checkText(account, text, media.length > 0);
      checkNew({ account: account.id, text, media });
      if (body.quote_tweet_id !== undefined && posts.get(site, body.quote_tweet_id) === undefined) {
        throw new RefusalError(forbidden('You attempted to quote a Tweet that is deleted or not visible to you.'));
      }
      const id = nextId();
      const reply = replyRow(id, body.reply?.in_reply_to_tweet_id);
      const createdAt = new Date(clock.wallMs()).toISOString();
      return posts.accept(
        {
          platform,
          site,
          account: account.id,
          id,
          text,
          media,
          createdAt,
          replyTo: reply?.inReplyTo ?? null,
          details: detailsOf(body),
        },
        [
          ...(reply === undefined ? [] : [replies.put(id, reply)]),
          ...(attached.length === 0 ? [] : [attachments.put(id, { id, keys: attached.map(({ key }) => key) })]),
        ],
      );
    },
    get: (id) => posts.get(site, id),
    context: (id) => ({ reply: replies.get(id), mediaKeys: attachments.get(id)?.keys ?? [] }),
    remove: (post) =>
      posts.remove(post, [
        ...(replies.has(post.id) ? [replies.drop(post.id)] : []),
        ...(attachments.has(post.id) ? [attachments.drop(post.id)] : []),
      ]),
    clear: () => [
      ...Array.from(replies.rows(), (reply) => replies.drop(reply.id)),
      ...Array.from(attachments.rows(), (row) => attachments.drop(row.id)),
    ],
  };
}

/** What followers see beside text and media. */
function detailsOf({ text: _text, media: _media, reply: _reply, ...details }: TweetBody): Post['details'] {
  return details;
}

/** Only tweets with media have a row. */
const Attachments = z.object({ id: z.string(), keys: z.array(z.string()) });
const Reply = z.object({ id: z.string(), inReplyTo: z.string(), inReplyToUser: z.string(), conversation: z.string() });

const tooLong =
  'Your Tweet text is too long. For more information on how Twitter determines text length see https://github.com/twitter/twitter-text.';

/** The same text with the same pictures is a duplicate. */
function contentKey({ account, text, media }: Pick<Post, 'account' | 'text' | 'media'>): string {
  return [account, ...media.map(({ sha256 }) => sha256), text.trim()].join(' ');
}
