import type { FastifyRequest } from 'fastify';
import { loginRoutes } from '../graph/login-routes.ts';
import { createLoginTokens, type LoginTokens } from '../graph/login-tokens.ts';
import { graphAnswers } from '../graph/answers.ts';
import { newGraphId } from '../graph/number-ids.ts';
import { parametersOf, tokenOf } from '../graph/request-parameters.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createAdmission } from './admit.ts';
import { createContainers } from './containers.ts';
import { insightRoutes } from './insight-routes.ts';
import { useCase } from './limits.ts';
import { nodeRoutes } from './node-routes.ts';
import type { ThreadsParts } from './parts.ts';
import { createThreadsPosts } from './posts.ts';
import { publishRoutes } from './publish-routes.ts';
import { postPageUrl } from './views.ts';

export const threads: PlatformDefinition = {
  id: 'threads',
  title: 'Threads',
  prefix: '/threads',
  sites: ['threads'],
  open: openThreads,
};

const allScopes = [
  'threads_basic',
  'threads_content_publish',
  'threads_manage_replies',
  'threads_read_replies',
  'threads_manage_insights',
  'threads_delete',
].join(',');

function openThreads(context: SiteContext): Site {
  const { sandbox } = context;
  const tokens = createLoginTokens(context, 'THAA');
  const parts: ThreadsParts = {
    tokens,
    admission: createAdmission(context, tokens),
    containers: createContainers(context),
    posts: createThreadsPosts(context),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Threads',
    origin: context.origin,
    answers: graphAnswers(useCase),
    identify: (request) => identify(context, tokens, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .toLowerCase()
        .replace(/^@/, '')
        .replace(/[^a-z0-9._]+/g, '_'),
    newAccountId: () => newGraphId('2', 17, (id) => sandbox.accounts.byId(context.site, id) !== undefined),
    issueCredentials(account) {
      const issued = tokens.issue(tokens.consent(account, allScopes), 'long');
      return { accessToken: issued.access_token, expiresIn: issued.expires_in };
    },
    postUrl: (post) => postPageUrl(context, parts.posts.factsOf(post.id)?.shortcode ?? post.id),
    clearPosts: () => [...parts.posts.clear(), ...parts.containers.clear()],
    routes(app) {
      // https://developers.facebook.com/docs/threads/get-started
      loginRoutes(app, site, context, tokens, { grantPrefix: 'th', tellsPermissions: false });
      publishRoutes(app, context, parts);
      nodeRoutes(app, context, parts);
      insightRoutes(app, context, parts);
      app.get<{ Params: { shortcode: string } }>('/post/:shortcode', { config: { page: true } }, (request, reply) => {
        const { shortcode } = request.params;
        const found = sandbox.posts
          .page({ site: site.id }, Infinity, Infinity)
          .find(({ id }) => parts.posts.factsOf(id)?.shortcode === shortcode);
        return sendPostPage(reply, site, sandbox, found?.id ?? shortcode);
      });
    },
  };
  return site;
}

function identify({ site, sandbox }: SiteContext, tokens: LoginTokens, request: FastifyRequest): Caller | undefined {
  const given = parametersOf(request);
  const found = tokens.look(tokenOf(request) ?? '');
  if (found.state !== 'unknown') {
    const { account, id: grant } = found.grant;
    const use = given['grant_type'] === undefined ? 'access' : 'refresh';
    return account === null ? undefined : { account, grant, use };
  }
  const code = given['code'] === undefined ? undefined : sandbox.codes.peek(site, given['code']);
  return code === undefined ? undefined : { account: code.account, grant: null, use: 'sign-in' };
}
