import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { readPost } from '../store/find-post.ts';
import { presentVersioned, type VersionedPost } from './present-post.ts';

/** @throws DomainError `not_found` */
export async function getPost(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { postId }: { postId: string },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:read');
  return presentVersioned(await deps.db.asTenant(actor.organizationId, (tx) => readPost(tx, actor, postId)));
}
