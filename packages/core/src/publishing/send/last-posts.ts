import type { LastPost } from '@vibetribe/platforms/port/publish';
import type { Clock } from '@vibetribe/resilience/clock';
import type { PublicationWork } from '../claim/publication-work.ts';

type PostedWork = {
  readonly platform: string;
  readonly account: Pick<PublicationWork['account'], 'service' | 'externalId'>;
};

/** The last post of each account that this process has seen appear. What is sent afterwards is newer, whatever any clock says. */
export interface LastPosts {
  note(work: PostedWork, platformPostId: string): void;
  of(work: PostedWork): LastPost | null;
}

const accountsMax = 10_000;

export function createLastPosts(clock: Pick<Clock, 'monotonicMs'>): LastPosts {
  const posts = new Map<string, { id: string; seenAtMs: number }>();
  return {
    note(work, id) {
      const key = keyOf(work);
      posts.delete(key);
      posts.set(key, { id, seenAtMs: clock.monotonicMs() });
      const [oldest] = posts.keys();
      if (posts.size > accountsMax && oldest !== undefined) posts.delete(oldest);
    },
    of(work) {
      const post = posts.get(keyOf(work));
      return post === undefined ? null : { id: post.id, ageMs: clock.monotonicMs() - post.seenAtMs };
    },
  };
}

/** The same account may be connected by several organizations. */
function keyOf({ platform, account }: PostedWork): string {
  return JSON.stringify([platform, account.service, account.externalId]);
}
