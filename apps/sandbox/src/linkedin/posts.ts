import { z } from 'zod';
import { createSnowflake } from '../state/snowflake.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import { duplicateOf } from './answers.ts';
import { duplicateWindowMs } from './limits.ts';
import { shownText } from './little-text.ts';
import type { Content } from './post-body.ts';

/** What a post is beside what followers see. */
export type PostFacts = z.infer<typeof PostFacts>;

export type NewPost = {
  commentary: string;
  visibility: string;
  content: Content | null;
  isReshareDisabledByAuthor: boolean;
};

export type LinkedInPosts = {
  /** @throws {RefusalError} 422 for what the author has posted within the last minutes */
  create(author: Account, post: NewPost, media: readonly PostMedium[]): Post;
  factsOf(urn: string): PostFacts | undefined;
  get(urn: string): Post | undefined;
  edit(post: Post, commentary: string): void;
  remove(post: Post): void;
  clear(): Change[];
};

export function createLinkedInPosts({ site, platform, sandbox }: SiteContext): LinkedInPosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('linkedin.posts', PostFacts);
  const newId = createSnowflake({
    epochMs: 0,
    sequenceBits: 22,
    wallMs: clock.wallMs,
    isTaken: (id) => table.has(`urn:li:share:${id}`) || table.has(`urn:li:ugcPost:${id}`),
  });

  function checkNew(author: Account, fingerprint: string): void {
    for (const post of posts.ofAccount(site, author.id).toReversed()) {
      if (clock.nowMs() - post.receivedTickMs >= duplicateWindowMs) return;
      if (table.get(post.id)?.fingerprint === fingerprint) throw duplicateOf(post.id);
    }
  }

  return {
    create(author, { commentary, visibility, content, isReshareDisabledByAuthor }, media) {
      const fingerprint = JSON.stringify([commentary, content]);
      checkNew(author, fingerprint);
      const kind = media.some(({ type }) => type === 'video') ? 'ugcPost' : 'share';
      const id = `urn:li:${kind}:${newId()}`;
      const createdAt = new Date(clock.wallMs()).toISOString();
      const facts = {
        id,
        commentary,
        visibility,
        content,
        isReshareDisabledByAuthor,
        fingerprint,
        lastModifiedAt: createdAt,
      };
      return posts.accept(
        {
          platform,
          site,
          account: author.id,
          id,
          text: shownText(commentary),
          media: [...media],
          createdAt,
          details: { visibility, ...content, ...(isReshareDisabledByAuthor ? { isReshareDisabledByAuthor } : {}) },
        },
        [table.put(id, facts)],
      );
    },
    factsOf: (urn) => table.get(urn),
    get: (urn) => posts.get(site, urn),
    edit(post, commentary) {
      const facts = table.get(post.id);
      const lastModifiedAt = new Date(clock.wallMs()).toISOString();
      const changes = facts === undefined ? [] : [table.put(post.id, { ...facts, commentary, lastModifiedAt })];
      posts.amend({ ...post, text: shownText(commentary) }, changes);
    },
    remove: (post) => posts.remove(post, [table.drop(post.id)]),
    clear: () => Array.from(table.rows(), ({ id }) => table.drop(id)),
  };
}

const PostFacts = z.object({
  id: z.string(),
  commentary: z.string(),
  visibility: z.string(),
  content: z.record(z.string(), z.unknown()).nullable(),
  isReshareDisabledByAuthor: z.boolean(),
  fingerprint: z.string(),
  lastModifiedAt: z.string(),
});
