import { z } from 'zod';
import { invalidParameter, noSuchObject } from './answers.ts';
import { newGraphId } from './number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';

/** What stands below a post. Times are ISO 8601. */
export type Comment = z.infer<typeof Comment>;

export type Comments = {
  add(from: Account, post: string, message: string): Comment;
  get(id: string): Comment | undefined;
  /** Newest first. */
  below(post: string, lagMs: number): Comment[];
  remove(id: string): void;
  clear(): Change[];
};

/** @param name of the table: both platforms of the Graph API keep comments alike */
export function createComments({ sandbox }: SiteContext, name: string, newId: (post: string) => string): Comments {
  const { store, clock } = sandbox;
  const table = store.table(name, Comment);

  return {
    add(from, post, message) {
      if (message.trim() === '') throw invalidParameter('Empty comment text');
      const createdAt = new Date(clock.wallMs()).toISOString();
      const common = { post, message, createdAt, tickMs: clock.nowMs() };
      const comment = { id: newId(post), from: { id: from.id, name: from.displayName }, ...common };
      store.commit([table.put(comment.id, comment)]);
      return comment;
    },
    get: (id) => table.get(id),
    below: (post, lagMs) =>
      Array.from(table.rows())
        .filter((comment) => comment.post === post && comment.tickMs <= clock.nowMs() - lagMs)
        .toReversed(),
    remove(id) {
      if (!table.has(id)) throw noSuchObject(id, 'delete');
      store.commit([table.drop(id)]);
    },
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Comment = z.object({
  id: z.string(),
  post: z.string(),
  from: z.object({ id: z.string(), name: z.string() }),
  message: z.string(),
  createdAt: z.string(),
  tickMs: z.number(),
});

/** Digits behind the post's own number. */
export function commentId(post: string): string {
  return `${post.split('_').at(-1) ?? post}_${newGraphId('7', 16, () => false)}`;
}
