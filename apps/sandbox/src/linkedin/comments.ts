import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import { createSnowflake } from '../state/snowflake.ts';

export type Comment = z.infer<typeof Comment>;

export type Comments = {
  add(actor: Account, post: string, text: string): Comment;
  /** Newest first. */
  below(post: string, lagMs: number): Comment[];
  clear(): Change[];
};

export function createComments({ sandbox }: SiteContext): Comments {
  const { store, clock } = sandbox;
  const table = store.table('linkedin.comments', Comment);
  const newId = createSnowflake({ epochMs: 0, sequenceBits: 22, wallMs: clock.wallMs, isTaken: (id) => table.has(id) });
  return {
    add(actor, post, text) {
      const comment = { id: newId(), actor: actor.id, post, text, createdAtMs: clock.wallMs(), tickMs: clock.nowMs() };
      store.commit([table.put(comment.id, comment)]);
      return comment;
    },
    below: (post, lagMs) =>
      Array.from(table.rows())
        .filter((comment) => comment.post === post && comment.tickMs <= clock.nowMs() - lagMs)
        .toReversed(),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api */
export function viewComment({ id, actor, post, text, createdAtMs }: Comment) {
  const commentUrn = `urn:li:comment:(${post},${id})`;
  return {
    id,
    commentUrn,
    $URN: commentUrn,
    actor,
    object: post,
    message: { attributes: [], text },
    created: { actor, time: createdAtMs },
    lastModified: { actor, time: createdAtMs },
  };
}

const Comment = z.object({
  id: z.string(),
  actor: z.string(),
  post: z.string(),
  text: z.string(),
  createdAtMs: z.number(),
  tickMs: z.number(),
});
