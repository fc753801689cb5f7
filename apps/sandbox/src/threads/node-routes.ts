import type { FastifyInstance, FastifyRequest } from 'fastify';
import { noSuchObject } from '../graph/answers.ts';
import { pageOf } from '../graph/page-of.ts';
import { readNode } from '../graph/read-node.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { Limit } from '../state/rate-limits.ts';
import { deletesOfAccount, postsOfAccount, repliesOfAccount } from './limits.ts';
import type { ThreadsParts } from './parts.ts';
import { viewAccount, viewContainer, viewPost } from './views.ts';
import { listedPosts } from '../state/listed-posts.ts';

/** Profiles, posts and containers. https://developers.facebook.com/docs/threads/reference */
export function nodeRoutes(app: FastifyInstance, context: SiteContext, parts: ThreadsParts): void {
  const { sandbox, site, platform } = context;
  const { admission, containers, posts } = parts;

  app.get<{ Params: { id: string } }>('/v1.0/:id(^(?:me|[0-9]+)$)', (request, reply) => {
    const { id } = request.params;
    const { account } = admission.own(request, reply, 'threads_basic');
    const { fields } = parametersOf(request);
    if (id === 'me' || id === account.id) return viewAccount(account, fields);
    const container = containers.get(id);
    if (container?.account === account.id) return viewContainer(parts, container, fields);
    const post = sandbox.posts.get(site, id);
    if (post === undefined) throw noSuchObject(id);
    return viewPost(context, parts, post, fields);
  });

  app.get<{ Params: { id: string } }>('/v1.0/:id/threads', { config: { listing: true } }, (request, reply) => {
    const { account } = admission.named(request, reply, request.params.id, 'threads_basic');
    return list(request, account, (post) => posts.factsOf(post.id)?.replyTo === null);
  });

  app.get<{ Params: { id: string } }>('/v1.0/:id/replies', { config: { listing: true } }, (request, reply) => {
    const { id } = request.params;
    const { account } = admission.own(request, reply, 'threads_read_replies');
    if (id === 'me' || id === account.id) {
      return list(request, account, (post) => (posts.factsOf(post.id)?.replyTo ?? null) !== null);
    }
    if (sandbox.posts.get(site, id) === undefined) throw noSuchObject(id);
    return list(request, account, (post) => posts.factsOf(post.id)?.replyTo === id);
  });

  app.get<{ Params: { id: string } }>('/v1.0/:id/threads_publishing_limit', (request, reply) => {
    const { account } = admission.named(request, reply, request.params.id, 'threads_content_publish');
    const node = {
      id: account.id,
      ...quota('quota_usage', 'config', postsOfAccount, account),
      ...quota('reply_quota_usage', 'reply_config', repliesOfAccount, account),
      ...quota('delete_quota_usage', 'delete_config', deletesOfAccount, account),
    };
    const { id: _id, ...view } = readNode(node, parametersOf(request)['fields'], ['quota_usage']);
    return { data: [view] };
  });

  function quota(usage: string, config: string, limit: Limit, account: Account) {
    const [state] = sandbox.limits.draw(platform, [{ limit, subject: account.id, cost: 0 }]);
    if (state === undefined) throw noSuchObject(account.id);
    return {
      [usage]: state.max - state.remaining,
      [config]: { quota_total: state.max, quota_duration: Math.round(state.windowMs / 1_000) },
    };
  }

  function list(request: FastifyRequest, account: Account, isListed: (post: Post) => boolean) {
    const given = parametersOf(request);
    const shown = listedPosts(context, request, account.id).filter(isListed);
    return pageOf(shown, given, (post) => viewPost(context, parts, post, given['fields']));
  }
}
