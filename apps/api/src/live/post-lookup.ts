import type { Actor } from '@vibetribe/core/actor';
import { DomainError } from '@vibetribe/core/domain-error';
import { readPost } from '@vibetribe/core/posts/store/find-post';
import type { Database } from '@vibetribe/db/connect-database';
import { createSharedTurns } from '@vibetribe/resilience/shared-turns';

/** Says whether there is such a post for an actor. */
export type PostLookup = (actor: Actor, postId: string) => Promise<boolean>;

/** A thousand sockets that subscribe at once leave most of the pool to others. */
const turnsAtOnce = { totalMax: 4, perOwnerMax: 2 };

export function createPostLookup(db: Pick<Database, 'asTenant'>): PostLookup {
  const turns = createSharedTurns<string>(turnsAtOnce);
  return async (actor, postId) => {
    if (!postId.isWellFormed() || postId.includes('\0')) return false;
    const { organizationId, accountIds } = actor;
    return turns.run(organizationId, JSON.stringify([organizationId, accountIds, postId]), () =>
      db.asTenant(organizationId, async (tx) => {
        try {
          await readPost(tx, actor, postId);
          return true;
        } catch (error) {
          if (error instanceof DomainError && error.code === 'not_found') return false;
          throw error;
        }
      }),
    );
  };
}
