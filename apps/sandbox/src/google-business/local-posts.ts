import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Post, PostMedium } from '../state/posts.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { reviewMs } from './limits.ts';
import type { PostBody } from './post-body.ts';

/** A post of a location, shown or refused once it was looked at. */
export type LocalPost = z.infer<typeof LocalPost>;

export type LocalPosts = {
  /** @param parent `accounts/1/locations/2` */
  create(location: Account, parent: string, body: PostBody, media: readonly PostMedium[]): LocalPost;
  get(name: string): LocalPost | undefined;
  stateOf(post: LocalPost): 'PROCESSING' | 'LIVE' | 'REJECTED';
  /** Newest first. */
  ofLocation(location: string, lagMs: number): LocalPost[];
  edit(post: LocalPost, summary: string): LocalPost;
  remove(post: LocalPost): void;
  clear(): Change[];
};

/** Google refuses telephone numbers in a post's text. */
const telephone = /\+\d[\d ().-]{7,20}\d|\(?\b\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{3,4}\b/u;

export function createLocalPosts({ site, platform, sandbox }: SiteContext): LocalPosts {
  const { store, posts, clock } = sandbox;
  const table = store.table('google-business.posts', LocalPost);
  const newId = createSnowflake({ epochMs: 0, sequenceBits: 20, wallMs: clock.wallMs, isTaken: () => false });

  return {
    create(location, parent, body, media) {
      const name = `${parent}/localPosts/${newId()}`;
      const createTime = new Date(clock.wallMs()).toISOString();
      const local: LocalPost = {
        name,
        location: location.id,
        body: { ...body },
        createTime,
        updateTime: createTime,
        tickMs: clock.nowMs(),
        isRefused: telephone.test(body.summary),
      };
      const change = table.put(name, local);
      if (local.isRefused) store.commit([change]);
      else
        posts.accept(
          {
            platform,
            site,
            account: location.id,
            id: name,
            text: body.summary,
            details: detailsOf(body),
            media: [...media],
            createdAt: createTime,
          },
          [change],
        );
      return local;
    },
    get: (name) => table.get(name),
    stateOf({ tickMs, isRefused }) {
      if (clock.nowMs() < tickMs + reviewMs) return 'PROCESSING';
      return isRefused ? 'REJECTED' : 'LIVE';
    },
    ofLocation: (location, lagMs) =>
      Array.from(table.rows())
        .filter((post) => post.location === location && post.tickMs <= clock.nowMs() - lagMs)
        .toReversed(),
    edit(local, summary) {
      const updateTime = new Date(clock.wallMs()).toISOString();
      const edited = { ...local, body: { ...local.body, summary }, updateTime };
      const shown = posts.get(site, local.name);
      if (shown === undefined) store.commit([table.put(local.name, edited)]);
      else posts.amend({ ...shown, text: summary }, [table.put(local.name, edited)]);
      return edited;
    },
    remove(local) {
      const shown: Post | undefined = posts.get(site, local.name);
      if (shown === undefined) store.commit([table.drop(local.name)]);
      else posts.remove(shown, [table.drop(local.name)]);
    },
    clear: () => Array.from(table.rows(), ({ name }) => table.drop(name)),
  };
}

function detailsOf({ summary: _summary, media: _media, ...details }: PostBody): Post['details'] {
  return details;
}

const LocalPost = z.object({
  name: z.string(),
  location: z.string(),
  body: z.looseObject({ summary: z.string(), topicType: z.string().optional() }),
  createTime: z.string(),
  updateTime: z.string(),
  tickMs: z.number(),
  isRefused: z.boolean(),
});
