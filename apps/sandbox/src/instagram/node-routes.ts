import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidParameter, noSuchObject } from '../graph/answers.ts';
import { pageOf } from '../graph/page-of.ts';
import { readNode } from '../graph/read-node.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { postsOfAccount, storyLifeMs } from './limits.ts';
import type { InstagramParts } from './parts.ts';
import { statusText, viewMedia } from './views.ts';
import { listedPosts } from '../state/listed-posts.ts';

const nodeId = `${versionPath}/:id(^[0-9_]+$)`;

/** Accounts, their media, containers and comments. https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference */
export function nodeRoutes(app: FastifyInstance, context: SiteContext, parts: InstagramParts): void {
  const { sandbox, site, platform } = context;
  const { admission, containers, posts, comments } = parts;

  app.get(`${versionPath}/me`, (request) => {
    const { accounts } = admission.opened(request);
    const account = sandbox.accounts.byId(site, accounts[0] ?? '');
    if (account === undefined) throw noSuchObject('me');
    // The id of an account is another one for each application.
    return viewAccount(account, parametersOf(request)['fields'], `2${account.id.slice(1)}`);
  });

  app.get<{ Params: { id: string } }>(nodeId, (request) => {
    const { id } = request.params;
    const { accounts } = admission.opened(request);
    const { fields } = parametersOf(request);
    const account = sandbox.accounts.byId(site, id);
    if (account !== undefined && accounts.includes(id)) return viewAccount(account, fields, id);
    const container = containers.get(id);
    if (container !== undefined && accounts.includes(container.account)) {
      const code = containers.statusOf(container);
      return readNode({ id, status_code: code, status: statusText(code, container.fault) }, fields, []);
    }
    const post = sandbox.posts.get(site, id);
    if (post !== undefined && accounts.includes(post.account)) return viewMedia(context, parts, post, fields);
    const comment = comments.get(id);
    if (comment === undefined) throw noSuchObject(id);
    return readNode({ id, text: comment.message, timestamp: comment.createdAt, username: comment.from.name }, fields, [
      'timestamp',
      'text',
    ]);
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/media`, { config: { listing: true } }, (request, reply) => {
    const account = admission.account(request, reply, request.params.id, 'basic');
    return list(request, account, (post) => posts.factsOf(post.id)?.kind !== 'story');
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/stories`, { config: { listing: true } }, (request, reply) => {
    const account = admission.account(request, reply, request.params.id, 'basic');
    const since = sandbox.clock.nowMs() - storyLifeMs;
    return list(request, account, (post) => posts.factsOf(post.id)?.kind === 'story' && post.receivedTickMs > since);
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/content_publishing_limit`, (request, reply) => {
    const account = admission.account(request, reply, request.params.id, 'content_publish');
    const limit = { limit: postsOfAccount, subject: account.id, cost: 0 };
    const [state] = sandbox.limits.draw(platform, [limit]);
    if (state === undefined) throw noSuchObject(account.id);
    const config = { quota_total: state.max, quota_duration: Math.round(state.windowMs / 1_000) };
    const node = { id: account.id, quota_usage: state.max - state.remaining, config };
    const { id: _id, ...view } = readNode(node, parametersOf(request)['fields'], ['quota_usage']);
    return { data: [view] };
  });

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/comments`, (request, reply) => {
    const post = requirePost(request, request.params.id);
    const account = admission.account(request, reply, post.account, 'manage_comments');
    return { id: comments.add(account, post.id, parametersOf(request)['message'] ?? '').id };
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/comments`, { config: { listing: true } }, (request) => {
    const post = requirePost(request, request.params.id);
    const given = parametersOf(request);
    const found = comments.below(post.id, request.visit.listingLagMs);
    return pageOf(found, given, ({ id, message: text, from, createdAt: timestamp }) =>
      readNode(
        { id, text, timestamp, username: from.name, from: { id: from.id, username: from.name } },
        given['fields'],
        ['timestamp', 'text'],
      ),
    );
  });

  app.delete<{ Params: { id: string } }>(nodeId, (request) => {
    const { id } = request.params;
    const { grant, isOwn } = admission.opened(request);
    const post = requirePost(request, id);
    if (isOwn || !grant.scope.split(',').includes('instagram_manage_contents')) {
      throw invalidParameter('Deleting media needs the permission instagram_manage_contents and Facebook Login');
    }
    posts.remove(post);
    return { success: true };
  });

  function list(request: FastifyRequest, account: Account, isListed: (post: Post) => boolean) {
    const given = parametersOf(request);
    const shown = listedPosts(context, request, account.id).filter(isListed);
    return pageOf(shown, given, (post) => viewMedia(context, parts, post, given['fields']));
  }

  function requirePost(request: FastifyRequest, id: string): Post {
    const { accounts } = admission.opened(request);
    const post = sandbox.posts.get(site, id);
    if (post === undefined || !accounts.includes(post.account)) throw noSuchObject(id);
    return post;
  }

  function viewAccount(account: Account, fields: string | undefined, id: string) {
    const node = {
      id,
      user_id: account.id,
      username: account.handle,
      name: account.displayName,
      account_type: 'BUSINESS',
      profile_picture_url: undefined,
      followers_count: sandbox.audience.followers(account),
      follows_count: 0,
      media_count: sandbox.posts.ofAccount(site, account.id).length,
    };
    return readNode(node, fields, []);
  }
}
