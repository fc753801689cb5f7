import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newGraphId } from '../graph/number-ids.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';

/** What a published medium is beside what followers see. */
export type MediaFacts = z.infer<typeof MediaFacts>;

export type MediaPosts = {
  publish(
    account: Account,
    content: { kind: MediaFacts['kind']; caption: string; media: readonly PostMedium[] },
    alongside: (id: string) => readonly Change[],
  ): Post;
  factsOf(id: string): MediaFacts | undefined;
  remove(post: Post): void;
  clear(): Change[];
};

export function createMediaPosts({ site, platform, sandbox }: SiteContext): MediaPosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('instagram.media', MediaFacts);
  return {
    publish(account, { kind, caption, media }, alongside) {
      const id = newGraphId('18', 17, (taken) => table.has(taken));
      const createdAt = new Date(clock.wallMs()).toISOString();
      const shortcode = createHash('sha256').update(id).digest('base64url').slice(0, 11);
      return posts.accept(
        {
          platform,
          site,
          account: account.id,
          id,
          text: caption,
          media: [...media],
          createdAt,
        },
        [table.put(id, { id, kind, shortcode }), ...alongside(id)],
      );
    },
    factsOf: (id) => table.get(id),
    remove: (post) => posts.remove(post, [table.drop(post.id)]),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const MediaFacts = z.object({
  id: z.string(),
  kind: z.enum(['image', 'reel', 'story', 'carousel']),
  shortcode: z.string(),
});
