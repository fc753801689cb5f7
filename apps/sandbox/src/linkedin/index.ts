import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createAdmission } from './admit.ts';
import { linkedInAnswers } from './answers.ts';
import { assetRoutes } from './asset-routes.ts';
import { analyticsRoutes } from './analytics-routes.ts';
import { createAssets } from './assets.ts';
import { createComments } from './comments.ts';
import { createMembers, organizationPrefix } from './members.ts';
import { knownScopes, oauthRoutes } from './oauth-routes.ts';
import type { LinkedInParts } from './parts.ts';
import { postRoutes } from './post-routes.ts';
import { createLinkedInPosts } from './posts.ts';
import { createTokens } from './tokens.ts';

/** LinkedIn's versioned API. An account is a person, or with a handle like `company/acme` an organization that a person runs. */
export const linkedin: PlatformDefinition = {
  id: 'linkedin',
  title: 'LinkedIn',
  prefix: '/linkedin',
  sites: ['linkedin'],
  open: openLinkedIn,
};

function openLinkedIn(context: SiteContext): Site {
  const { sandbox } = context;
  const members = createMembers(context);
  const tokens = createTokens(context);
  const parts: LinkedInParts = {
    members,
    tokens,
    admission: createAdmission(context, members, tokens),
    assets: createAssets(context),
    posts: createLinkedInPosts(context),
    comments: createComments(context),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'LinkedIn',
    origin: context.origin,
    answers: linkedInAnswers,
    identify: (request) => identifyCaller(context, shownIn(request)),
    normalizeHandle(handle) {
      const given = handle.trim().toLowerCase().replace(/^@/u, '');
      const isOrganization = given.startsWith(organizationPrefix);
      const name = (isOrganization ? given.slice(organizationPrefix.length) : given)
        .replace(/[^\p{L}\p{N}-]+/gu, '-')
        .replace(/^-+|-+$/gu, '');
      return isOrganization && name !== '' ? `${organizationPrefix}${name}` : name;
    },
    newAccountId: (handle) => members.newId(handle),
    issueCredentials(account) {
      if (members.isOrganization(account.id)) members.adminOf(account);
      const { access_token, refresh_token, expires_in } = tokens.issue(account, knownScopes.join(' '));
      const refresh = refresh_token === undefined ? {} : { refreshToken: refresh_token };
      return { accessToken: access_token, ...refresh, expiresIn: expires_in };
    },
    postUrl: (post) => `${context.origin()}/feed/update/${post.id}`,
    clearPosts: () => [...parts.posts.clear(), ...parts.comments.clear()],
    routes(app) {
      oauthRoutes(app, site, context, parts);
      assetRoutes(app, context, parts);
      postRoutes(app, context, parts);
      analyticsRoutes(app, context, parts);
      app.get<{ Params: { urn: string } }>('/feed/update/:urn', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, request.params.urn),
      );
    },
  };
  return site;
}
