import { z } from 'zod';
import { Refusal } from '../answer.ts';
import type { SitePlace } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../world/accounts.ts';
import type { Post } from '../world/posts.ts';
import { createSnowflake } from '../world/snowflake.ts';
import { forbidden, invalidRequest } from './answers.ts';
import type { TweetBody } from './tweet-body.ts';
import { isAcceptable, weightedLength, weightedLengthMax } from './tweet-text.ts';

/** Where a tweet stands in a conversation; only replies have a row. */
export type Reply = z.infer<typeof Reply>;

export type Tweets = {
  /** @throws {Refusal} 400 or 403: the text is too long, empty or a duplicate, what it refers to is missing */
  create(account: Account, body: TweetBody): Post;
  get(id: string): Post | undefined;
  reply(id: string): Reply | undefined;
  remove(post: Post): void;
  clear(): Change[];
};

/** X does not tell its window; a day is what publishers see. */
const duplicateWindowMs = 24 * 3_600_000;
const xEpochMs = 1_288_834_974_657;

export function createTweets({ site, platform, world }: SitePlace): Tweets {
  const { store, posts, clock } = world;
  const replies = store.table('x.replies', Reply);
  const newestByText = new Map<string, Post>();
  const nextId = createSnowflake({
    epochMs: xEpochMs,
    sequenceBits: 22,
    wallMs: clock.wallMs,
    isTaken: (id) => posts.get(site, id) !== undefined,
  });

  posts.onChange((before, after) => {
    if (after?.site === site) newestByText.set(textKey(after.account, after.text), after);
    else if (before?.site === site) {
      const key = textKey(before.account, before.text);
      if (newestByText.get(key)?.id === before.id) newestByText.delete(key);
    }
  });

  function checkText(account: Account, text: string): void {
    if (text.trim() === '') {
      throw new Refusal(
        invalidRequest([{ message: '[$.text: is required without media]', parameters: { text: [text] } }]),
      );
    }
    if (weightedLength(text) > weightedLengthMax)
      throw new Refusal(invalidRequest([{ message: tooLong, parameters: {} }]));
    if (!isAcceptable(text)) {
      throw new Refusal(invalidRequest([{ message: 'Your Tweet text is invalid.', parameters: { text: [text] } }]));
    }
    const same = newestByText.get(textKey(account.id, text));
    if (same !== undefined && clock.nowMs() - same.receivedTickMs < duplicateWindowMs) {
      throw new Refusal(forbidden('You are not allowed to create a Tweet with duplicate content.'));
    }
  }

  function replyRow(id: string, target: string | undefined): Reply | undefined {
    if (target === undefined) return undefined;
    const parent = posts.get(site, target);
    if (parent === undefined) {
      throw new Refusal(forbidden('You attempted to reply to a Tweet that is deleted or not visible to you.'));
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
      if (body.media !== undefined) throw new Refusal(invalidRequest([unknownMedia(body.media.media_ids)]));
      const text = (body.text ?? '').normalize('NFC');
      checkText(account, text);
      if (body.quote_tweet_id !== undefined && posts.get(site, body.quote_tweet_id) === undefined) {
        throw new Refusal(forbidden('You attempted to quote a Tweet that is deleted or not visible to you.'));
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
          media: [],
          createdAt,
          receivedAt: createdAt,
          receivedTickMs: clock.nowMs(),
        },
        reply === undefined ? [] : [replies.put(id, reply)],
      );
    },
    get: (id) => posts.get(site, id),
    reply: (id) => replies.get(id),
    remove: (post) => posts.remove(post, replies.has(post.id) ? [replies.drop(post.id)] : []),
    clear: () => Array.from(replies.rows(), (reply) => replies.drop(reply.id)),
  };
}

const Reply = z.object({ id: z.string(), inReplyTo: z.string(), inReplyToUser: z.string(), conversation: z.string() });

const tooLong =
  'Your Tweet text is too long. For more information on how Twitter determines text length see https://github.com/twitter/twitter-text.';

function unknownMedia(ids: readonly string[]) {
  return { message: 'Your media IDs are invalid.', parameters: { 'media.media_ids': [JSON.stringify(ids)] } };
}

function textKey(account: string, text: string): string {
  return `${account} ${text.trim()}`;
}
