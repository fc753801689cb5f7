import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import { randomSecret } from '../state/random-secret.ts';

export type Comment = z.infer<typeof Comment>;

export type Comments = {
  add(author: string, video: string, text: string): Comment;
  /** Newest first. */
  below(video: string, lagMs: number): Comment[];
  clear(): Change[];
};

export function createComments({ sandbox }: SiteContext): Comments {
  const { store, clock } = sandbox;
  const table = store.table('youtube.comments', Comment);
  return {
    add(author, video, text) {
      const publishedAt = new Date(clock.wallMs()).toISOString();
      const comment = { id: `Ug${randomSecret(18)}`, author, video, text, publishedAt, tickMs: clock.nowMs() };
      store.commit([table.put(comment.id, comment)]);
      return comment;
    },
    below: (video, lagMs) =>
      Array.from(table.rows())
        .filter((comment) => comment.video === video && comment.tickMs <= clock.nowMs() - lagMs)
        .toReversed(),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const Comment = z.object({
  id: z.string(),
  author: z.string(),
  video: z.string(),
  text: z.string(),
  publishedAt: z.string(),
  tickMs: z.number(),
});
