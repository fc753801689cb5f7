import { z } from 'zod';
import type { Change, Store } from '../store/store.ts';
import type { Clock } from './clock.ts';

/** A medium of a post as followers see it; what an image says of itself beside its picture is read from its bytes. */
export const PostMedium = z.object({
  type: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  width: z.number().nullable(),
  height: z.number().nullable(),
  alt: z.string().nullable(),
  /** EXIF's number; 1 is upright. */
  orientation: z.number().default(1),
  /** `exif`, `gps`, `iptc`, `xmp`. */
  metadata: z.array(z.string()).default([]),
});
export type PostMedium = z.infer<typeof PostMedium>;

/**
 * A visible post. `id` is the platform's own, `createdAt` the time the platform shows, `receivedAt` the time the
 * request was accepted (both ISO 8601, wall time); `receivedTickMs` is the latter on the movable clock.
 */
export type Post = z.infer<typeof Post>;

/** When it is received is told by whoever accepts it. */
export type NewPost = Omit<Post, 'seq' | 'receivedAt' | 'receivedTickMs' | 'replyTo' | 'details'> &
  Partial<Pick<Post, 'replyTo' | 'details'>>;

export type PostFilter = { platform?: string; site?: string; account?: string };

export type Posts = {
  get(site: string, id: string): Post | undefined;
  /** Makes a post visible; `alongside` goes to disk in the same line, or neither does. */
  accept(post: NewPost, alongside?: readonly Change[]): Post;
  amend(post: Post, alongside?: readonly Change[]): void;
  remove(post: Post, alongside?: readonly Change[]): void;
  /** Oldest first. */
  ofAccount(site: string, account: string): readonly Post[];
  /** Newest first, those with a `seq` below `before`. */
  page(filter: PostFilter, before: number, limit: number): Post[];
  /** Acceptances so far, also of what has been removed since. */
  commits(filter: PostFilter): number;
  onChange(listener: (before: Post | undefined, after: Post | undefined) => void): void;
  clear(): Change[];
};

export function createPosts(store: Store, clock: Pick<Clock, 'nowMs' | 'wallMs'>): Posts {
  const table = store.table('posts', Post);
  const commits = store.table('commits', CommitCount);
  const lists = new Map<string, Post[]>();
  let lastSeq = 0;

  table.onChange((before, after) => {
    if (before !== undefined) for (const key of listKeys(before)) takeOut(lists.get(key), before.seq);
    if (after !== undefined) for (const key of listKeys(after)) putIn(lists, key, after);
  });
  commits.onChange((_before, after) => {
    if (after !== undefined) lastSeq = Math.max(lastSeq, after.lastSeq);
  });

  const list = (filter: PostFilter): readonly Post[] => lists.get(listKey(filter)) ?? [];

  return {
    get: (site, id) => table.get(`${site}/${id}`),
    accept(fields, alongside = []) {
      const seq = lastSeq + 1;
      const receivedAt = new Date(clock.wallMs()).toISOString();
      const post = { replyTo: null, details: {}, ...fields, receivedAt, receivedTickMs: clock.nowMs(), seq };
      const key = `${post.site}/${post.account}`;
      const count = (commits.get(key)?.count ?? 0) + 1;
      const { platform, site, account } = post;
      store.commit([
        table.put(`${site}/${post.id}`, post),
        commits.put(key, { platform, site, account, count, lastSeq: seq }),
        ...alongside,
      ]);
      return post;
    },
    amend: (post, alongside = []) => store.commit([table.put(`${post.site}/${post.id}`, post), ...alongside]),
    remove: (post, alongside = []) => store.commit([table.drop(`${post.site}/${post.id}`), ...alongside]),
    ofAccount: (site, account) => list({ site, account }),
    page(filter, before, limit) {
      const posts = list(filter);
      const end = lowerBound(posts, before);
      return posts.slice(Math.max(0, end - limit), end).reverse();
    },
    commits(filter) {
      let total = 0;
      for (const row of commits.rows()) {
        if (matches(row, filter)) total += row.count;
      }
      return total;
    },
    onChange: (listener) => table.onChange(listener),
    clear: () => [
      ...Array.from(table.rows(), (post) => table.drop(`${post.site}/${post.id}`)).reverse(),
      ...Array.from(commits.rows(), (row) => commits.drop(`${row.site}/${row.account}`)),
    ],
  };
}

const Post = z.object({
  seq: z.number(),
  platform: z.string(),
  site: z.string(),
  account: z.string(),
  id: z.string(),
  text: z.string(),
  media: z.array(PostMedium),
  createdAt: z.string(),
  receivedAt: z.string(),
  receivedTickMs: z.number(),
  /** Id of the post that this one answers. */
  replyTo: z.string().nullable().default(null),
  /** What followers see beside text and media, by the platform's own names: a poll, who may answer, a card. */
  details: z.record(z.string(), z.unknown()).default({}),
});

const CommitCount = z.object({
  platform: z.string(),
  site: z.string(),
  account: z.string(),
  count: z.number(),
  lastSeq: z.number(),
});

function listKey(filter: PostFilter): string {
  if (filter.account !== undefined && filter.site !== undefined) return `account:${filter.site}/${filter.account}`;
  if (filter.site !== undefined) return `site:${filter.site}`;
  return filter.platform === undefined ? 'all' : `platform:${filter.platform}`;
}

function listKeys({ platform, site, account }: Post): string[] {
  return [listKey({}), listKey({ platform }), listKey({ site }), listKey({ site, account })];
}

function matches(row: CommitCount, filter: PostFilter): boolean {
  return (
    (filter.platform === undefined || filter.platform === row.platform) &&
    (filter.site === undefined || filter.site === row.site) &&
    (filter.account === undefined || filter.account === row.account)
  );
}

type CommitCount = z.infer<typeof CommitCount>;

function putIn(lists: Map<string, Post[]>, key: string, post: Post): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [post]);
  else list.splice(lowerBound(list, post.seq), 0, post);
}

function takeOut(list: Post[] | undefined, seq: number): void {
  const index = list === undefined ? -1 : lowerBound(list, seq);
  if (list?.[index]?.seq === seq) list.splice(index, 1);
}

/** The first index whose `seq` is not below the given one. */
function lowerBound(posts: readonly Post[], seq: number): number {
  let low = 0;
  let high = posts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((posts[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
