import type { FastifyRequest } from 'fastify';
import { loginHandle, loginRoutes } from '../graph/login-routes.ts';
import { createLoginTokens } from '../graph/login-tokens.ts';
import { graphAnswers } from '../graph/answers.ts';
import { createComments } from '../graph/comments.ts';
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
import type { InstagramParts } from './parts.ts';
import { createMediaPosts } from './posts.ts';
import { publishRoutes } from './publish-routes.ts';
import { mediaUrl } from './views.ts';

/** Instagram's professional accounts, through its own login and through that of the neighbour's pages. */
export const instagram: PlatformDefinition = {
  id: 'instagram',
  title: 'Instagram',
  prefix: '/graph',
  claims: ({ path, token }) =>
    loginPaths.test(path) || ownNodes.test(path) || (itself.test(path) && token?.startsWith('IG') === true),
  sites: ['instagram'],
  open: openInstagram,
};

/** The login's hosts know no versions. */
const loginPaths = /^\/(?:oauth\/(?:authorize|access_token)|access_token|refresh_access_token|ig-api-upload\/|p\/)/u;
/** Ids tell by how they begin, and how long they are, whose they are. */
const ownNodes = /^\/v\d+\.\d+\/1[78]\d{15}(?:[/?]|$)/u;
const itself = /^\/v\d+\.\d+\/me(?:[/?]|$)/u;

const allScopes = ['basic', 'content_publish', 'manage_comments', 'manage_insights', 'manage_messages']
  .map((name) => `instagram_business_${name}`)
  .join(',');

function openInstagram(context: SiteContext): Site {
  const { sandbox } = context;
  const tokens = createLoginTokens(context, 'IGAA');
  const containers = createContainers(context);
  const newCommentId = () => newGraphId('17', 17, (id) => id.startsWith('17841') || containers.isTaken(id));
  const parts: InstagramParts = {
    tokens,
    admission: createAdmission(context),
    containers,
    posts: createMediaPosts(context),
    comments: createComments(context, 'instagram.comments', newCommentId),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Instagram',
    origin: context.origin,
    answers: graphAnswers(useCase),
    identify: (request) => identify(context, parts, request),
    normalizeHandle: loginHandle,
    newAccountId: () => newGraphId('17841', 17, (id) => sandbox.accounts.byId(context.site, id) !== undefined),
    issueCredentials(account) {
      const { access_token: accessToken, expires_in: expiresIn } = tokens.issue(
        tokens.consent(account, allScopes),
        'long',
      );
      return { accessToken, expiresIn };
    },
    postUrl: (post) => mediaUrl(context, parts.posts.factsOf(post.id)?.shortcode ?? post.id),
    clearPosts: () => [...parts.posts.clear(), ...containers.clear(), ...parts.comments.clear()],
    routes(app) {
      // https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
      loginRoutes(app, site, context, tokens, { grantPrefix: 'ig', tellsPermissions: true });
      publishRoutes(app, context, parts);
      nodeRoutes(app, context, parts);
      insightRoutes(app, context, parts);
      app.get<{ Params: { shortcode: string } }>('/p/:shortcode/', { config: { page: true } }, (request, reply) => {
        const shortcodeOf = (id: string) => parts.posts.factsOf(id)?.shortcode;
        return sendShortcodePage(reply, site, context, { ...request.params, shortcodeOf });
      });
    },
  };
  return site;
}

/** By the token, wherever it is from, or by the code or token that is to be exchanged. A page's token stands for the account in the path. */
function identify(context: SiteContext, { admission }: InstagramParts, request: FastifyRequest): Caller | undefined {
  const given = parametersOf(request);
  const found = admission.look(tokenOf(request) ?? '');
  if (found !== undefined) {
    const { accounts, grant } = found.opened;
    const named = /\/(17841\d{12})\//u.exec(request.originalUrl)?.[1];
    const account = accounts.find((id) => id === named) ?? accounts[0];
    const isExchanged = given['grant_type'] !== undefined;
    return account === undefined ? undefined : { account, grant: grant.id, use: isExchanged ? 'refresh' : 'access' };
  }
  return identifyCaller(context, { token: undefined, code: given['code'] });
}
