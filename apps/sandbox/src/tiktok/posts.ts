import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { privacyLevels } from './creators.ts';

/** What a post is beside what followers see. */
export type PostFacts = z.infer<typeof PostFacts>;
export type NewPost = Omit<PostFacts, 'id'> & { text: string; media: PostMedium[]; details: object };

export type TikTokPosts = {
  create(account: Account, post: NewPost, alongside: (id: string) => Change[]): Post;
  factsOf(id: string): PostFacts | undefined;
  clear(): Change[];
};

export function createTikTokPosts({ site, platform, sandbox }: SiteContext): TikTokPosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('tiktok.posts', PostFacts);
  // Seconds stand in the upper half: beyond 2^53.
  const newId = createSnowflake({
    epochMs: 0,
    sequenceBits: 22,
    wallMs: clock.wallMs,
    isTaken: (id) => table.has(id),
  });
  return {
    create(account, { text, media, details, ...facts }, alongside) {
      const id = newId();
      const createdAt = new Date(clock.wallMs()).toISOString();
      const shown = { text, media, details: { ...details } };
      const post = { platform, site, account: account.id, id, ...shown, createdAt };
      const changes = [table.put(id, { ...facts, id }), ...alongside(id)];
      return posts.accept(post, changes);
    },
    factsOf: (id) => table.get(id),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const PostFacts = z.object({ id: z.string(), title: z.string(), privacy: z.enum(privacyLevels) });
