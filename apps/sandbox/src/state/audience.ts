import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Change, Store } from '../store/store.ts';
import type { Account } from './accounts.ts';
import type { Clock } from './clock.ts';
import type { Post, Posts } from './posts.ts';

/** What followers have done with a post. */
export type PostNumbers = {
  likes: number;
  comments: number;
  shares: number;
  views: number;
  reach: number;
  saves: number;
  clicks: number;
};

export type SetNumbers = { [Name in 'likes' | 'comments' | 'shares']?: number | undefined };

/**
 * The followers of every account. They grow by the movable clock, and like, comment and share as posts age: how much follows from
 * the ids alone. A number that was set stands, and is told at once; the others are told as late as the platform tells them.
 */
export type Audience = {
  followers(account: Account): number;
  /** @param lateMs how old the platform's numbers are */
  ofPost(post: Post, lateMs?: number): PostNumbers;
  /** True where the platform, whose numbers are `lateMs` old, has some of this post already. */
  isCounted(post: Post, lateMs: number): boolean;
  /** Sums over the posts that the account has now. */
  ofAccount(account: Account, lateMs?: number): PostNumbers;
  setFollowers(account: Account, followers: number): void;
  setPost(post: Post, numbers: SetNumbers): void;
  clearPosts(): Change[];
};

export function createAudience(store: Store, clock: Clock, posts: Pick<Posts, 'ofAccount' | 'onChange'>): Audience {
  const followersSet = store.table('audience-followers', z.object({ followers: z.number() }));
  const numbersSet = store.table('audience-posts', SetRow);
  const answers = new Map<string, number>();
  posts.onChange((before, after) => {
    for (const [post, step] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (post === undefined || post.replyTo === null) continue;
      const key = `${post.site}/${post.replyTo}`;
      answers.set(key, (answers.get(key) ?? 0) + step);
    }
  });

  function followers({ site, id, createdAt }: Account): number {
    const set = followersSet.get(`${site}/${id}`);
    if (set !== undefined) return set.followers;
    const [base, pace] = [drawnFrom(`${site}/${id}`, 180), drawnFrom(`${site}/${id}/pace`, 5)];
    const days = Math.max(0, clock.nowMs() - Date.parse(createdAt)) / dayMs;
    return 20 + base + Math.floor((1 + pace) * days);
  }

  function ofPost(post: Post, lateMs = 0): PostNumbers {
    const key = `${post.site}/${post.id}`;
    const ageMs = Math.max(0, clock.nowMs() - lateMs - post.receivedTickMs);
    const eager = 8 + drawnFrom(key, 40);
    const share = 1 - Math.exp(-ageMs / halfTimeMs);
    const set: SetNumbers = numbersSet.get(key) ?? {};
    const {
      likes = Math.floor(eager * share),
      comments = Math.floor((eager / 4) * share) + (answers.get(key) ?? 0),
      shares = Math.floor((eager / 6) * share),
    } = set;
    const touched = likes + comments + shares;
    return {
      likes,
      comments,
      shares,
      views: touched * 12,
      reach: touched * 9,
      saves: Math.floor(likes / 5),
      clicks: Math.floor(touched / 2),
    };
  }

  return {
    followers,
    ofPost,
    isCounted: (post, lateMs) =>
      numbersSet.has(`${post.site}/${post.id}`) || clock.nowMs() - post.receivedTickMs >= lateMs,
    ofAccount: ({ site, id }, lateMs) =>
      posts.ofAccount(site, id).reduce((sum, post) => added(sum, ofPost(post, lateMs)), nothing),
    setFollowers: ({ site, id }, count) => store.commit([followersSet.put(`${site}/${id}`, { followers: count })]),
    setPost({ site, id }, numbers) {
      const key = `${site}/${id}`;
      const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
      store.commit([numbersSet.put(key, { site, id, ...numbersSet.get(key), ...Object.fromEntries(given) })]);
    },
    clearPosts: () => Array.from(numbersSet.rows(), ({ site, id }) => numbersSet.drop(`${site}/${id}`)),
  };
}

const dayMs = 24 * 3_600_000;
const halfTimeMs = dayMs / 2;

const Count = z.number().optional();
const SetRow = z.object({ site: z.string(), id: z.string(), likes: Count, comments: Count, shares: Count });

const nothing: PostNumbers = { likes: 0, comments: 0, shares: 0, views: 0, reach: 0, saves: 0, clicks: 0 };

function added(one: PostNumbers, other: PostNumbers): PostNumbers {
  return {
    likes: one.likes + other.likes,
    comments: one.comments + other.comments,
    shares: one.shares + other.shares,
    views: one.views + other.views,
    reach: one.reach + other.reach,
    saves: one.saves + other.saves,
    clicks: one.clicks + other.clicks,
  };
}

/** A whole number below `below`, the same for the same text. */
function drawnFrom(text: string, below: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % below;
}
