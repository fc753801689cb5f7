import type { VisiblePost } from '../history.ts';
import { createMastodonSite, type MastodonHabits } from './mastodon-site.ts';
import { serveSite, type Site } from './serve-site.ts';
import { createXSite } from './x-site.ts';

/** Platforms that are not the sandbox's, with the habits that real ones have and a sandbox that keeps to the documents has not. */
export interface StandIn extends AsyncDisposable {
  /** By name: `x`, `plain`, `rewriting`, `refusing`, `fork`. */
  readonly sites: ReadonlyMap<string, Site>;
  visible(): { lines: VisiblePost[]; commits: number };
  /** Whole requests for each text, by `requestKey`. */
  requests(): ReadonlyMap<string, number>;
  /** The owner takes a post down; false: the site has none of this id. */
  deleteByHand(platform: string, id: string): boolean;
  /** The product says that it knows of this post. */
  noteKnown(platform: string, id: string): void;
}

const tidy: MastodonHabits = {
  software: 'mastodon',
  keys: 'known',
  rewrites: false,
  pageMax: 40,
  namesApplications: true,
  ids: 'numbers',
  clockOffsetMs: 0,
};

/** Each server of Mastodon's API with what it is known for. */
export const mastodonServers: Readonly<Record<string, MastodonHabits>> = {
  plain: tidy,
  rewriting: {
    ...tidy,
    software: 'gotosocial',
    keys: 'ignored',
    rewrites: true,
    pageMax: 5,
    namesApplications: false,
    ids: 'letters',
  },
  refusing: { ...tidy, software: 'pixelfed', keys: 'refused', pageMax: 10, namesApplications: false },
  fork: { ...tidy, software: null, keys: 'ignored', pageMax: 20, clockOffsetMs: -400_000 },
};

/** Handles of X's accounts that end so are refused an equal text. */
export const strictSuffix = 'strict';

export async function startStandIn(): Promise<StandIn> {
  await using starting = new AsyncDisposableStack();
  const sites = new Map<string, Site>();
  const x = createXSite(7_000_000, {
    takesDuplicates: ({ handle }) => !handle.endsWith(strictSuffix),
    pageMax: 10,
    clockOffsetMs: 90_000,
  });
  sites.set('x', starting.use(await serveSite(x)));
  for (const [index, [name, habits]] of Object.entries(mastodonServers).entries())
    sites.set(name, starting.use(await serveSite(createMastodonSite(8_000_000 + index * 100_000, habits))));
  const running = starting.move();
  const siteOf = (platform: string, id: string) =>
    [...sites.values()].find(({ api }) => api.platform === platform && api.memory.get(id) !== null);

  return {
    sites,
    visible() {
      const lines = [...sites.values()].flatMap(({ api }) =>
        api.memory.all().map(({ id, account, text, receivedAtMs, replyTo, byHand }) => ({
          platform: api.platform,
          externalId: account,
          id,
          text,
          receivedAtMs,
          replyTo,
          ...(byHand ? { byHand } : {}),
        })),
      );
      return { lines, commits: lines.length };
    },
    requests: () => new Map([...sites.values()].flatMap(({ api }) => [...api.memory.requests()])),
    deleteByHand(platform, id) {
      const post = siteOf(platform, id)?.api.memory.get(id);
      if (post === null || post === undefined) return false;
      post.isDeleted = true;
      return true;
    },
    noteKnown: (platform, id) => siteOf(platform, id)?.api.memory.noteKnown(id),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
