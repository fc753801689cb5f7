import type { FastifyRequest } from 'fastify';
import type { SiteContext } from '../site.ts';
import type { Post } from './posts.ts';

/** An account's posts that lists show by now, newest first. */
export function listedPosts(
  { site, sandbox }: Pick<SiteContext, 'site' | 'sandbox'>,
  request: FastifyRequest,
  account: string,
): Post[] {
  const before = sandbox.clock.nowMs() - request.visit.listingLagMs;
  return sandbox.posts
    .ofAccount(site, account)
    .filter((post) => post.receivedTickMs <= before)
    .toReversed();
}
