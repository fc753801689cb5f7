import type { FastifyRequest } from 'fastify';
import { loginHandle, loginRoutes } from '../graph/login-routes.ts';
import { createLoginTokens } from '../graph/login-tokens.ts';
import { graphAnswers } from '../graph/answers.ts';
import { newGraphId } from '../graph/number-ids.ts';
import { parametersOf, tokenOf } from '../graph/request-parameters.ts';
import { sendShortcodePage } from '../graph/shortcode-page.ts';
import { identifyCaller } from '../oauth/identify-caller.ts';
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
    identify: (request) => identify(context, request),
    normalizeHandle: loginHandle,
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
        const shortcodeOf = (id: string) => parts.posts.factsOf(id)?.shortcode;
        return sendShortcodePage(reply, site, context, { ...request.params, shortcodeOf });
      });
    },
  };
  return site;
}

/** Whoever exchanges a token shows the one that is to be renewed. */
function identify(context: SiteContext, request: FastifyRequest): Caller | undefined {
  const given = parametersOf(request);
  const caller = identifyCaller(context, { token: tokenOf(request), code: given['code'] });
  return caller?.use === 'access' && given['grant_type'] !== undefined ? { ...caller, use: 'refresh' } : caller;
}
