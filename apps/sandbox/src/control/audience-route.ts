import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { Site } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { findAccount } from '../state/connect-account.ts';
import type { Post } from '../state/posts.ts';
import type { SandboxState } from '../state/sandbox-state.ts';
import { controlError, type ControlInputs, parseControl } from './control-input.ts';

/**
 * Sets numbers, which stand from then on. Without `post` likes, comments and shares are those of each post that the account has now.
 * Answers what followers have done so far.
 */
export function audienceRoute(
  app: FastifyInstance,
  { sandbox, sites }: { sandbox: SandboxState; sites: readonly Site[] },
  Audience: ControlInputs['Audience'],
): void {
  const { audience, posts } = sandbox;

  app.post('/audience', (request) => {
    const { platform, account: name, post: id, followers, ...numbers } = parseControl(Audience, request.body);
    const account = accountNamed(platform, name);
    const chosen = postsOf(account, id);
    if (followers !== undefined) audience.setFollowers(account, followers);
    if (Object.values(numbers).some((value) => value !== undefined)) {
      for (const post of chosen) audience.setPost(post, numbers);
    }
    return {
      account: account.id,
      followers: audience.followers(account),
      posts: chosen.map((post) => ({ id: post.id, ...audience.ofPost(post) })),
    };
  });

  function accountNamed(platform: string, name: string): Account {
    for (const site of sites) {
      if (site.platform !== platform && site.id !== platform) continue;
      const account = findAccount(site, sandbox, name);
      if (account !== undefined) return account;
    }
    throw new RefusalError(controlError(404, 'not_found', `No account ${name} on ${platform}`));
  }

  function postsOf(account: Account, id: string | undefined): readonly Post[] {
    if (id === undefined) return posts.ofAccount(account.site, account.id);
    const post = posts.get(account.site, id);
    if (post === undefined || post.account !== account.id)
      throw new RefusalError(controlError(404, 'not_found', `No post ${id} of ${account.handle}`));
    return [post];
  }
}
