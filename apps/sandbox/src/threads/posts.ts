import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import type { Container } from './containers.ts';

/** What a post is beside what followers see. */
export type PostFacts = z.infer<typeof PostFacts>;

export type ThreadsPosts = {
  publish(
    account: Account,
    container: Container,
    media: readonly PostMedium[],
    alongside: (id: string) => readonly Change[],
  ): Post;
  factsOf(id: string): PostFacts | undefined;
  remove(post: Post): void;
  clear(): Change[];
};

export function createThreadsPosts({ site, platform, sandbox }: SiteContext): ThreadsPosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('threads.posts', PostFacts);
  return {
    publish(account, { text, replyTo, attachment, topicTag, replyControl }, media, alongside) {
      const id = newGraphId('18', 17, (taken) => table.has(taken));
      const createdAt = new Date(clock.wallMs()).toISOString();
      const shortcode = createHash('sha256').update(id).digest('base64url').slice(0, 11);
      const root = replyTo === null ? null : (table.get(replyTo)?.root ?? replyTo);
      return posts.accept(
        {
          platform,
          site,
          account: account.id,
          id,
          text,
          media: [...media],
          createdAt,
          replyTo,
        },
        [table.put(id, { id, shortcode, replyTo, root, attachment, topicTag, replyControl }), ...alongside(id)],
      );
    },
    factsOf: (id) => table.get(id),
    remove: (post) => posts.remove(post, [table.drop(post.id)]),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const PostFacts = z.object({
  id: z.string(),
  shortcode: z.string(),
  replyTo: z.string().nullable(),
  root: z.string().nullable(),
  attachment: z.string().nullable(),
  topicTag: z.string().nullable(),
  replyControl: z.string(),
});
