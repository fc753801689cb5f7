import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { googleAnswers } from '../google/answers.ts';
import { oauthRoutes } from '../google/oauth-routes.ts';
import { createTogether } from '../google/together.ts';
import { createTokens } from '../google/tokens.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createLocalPosts } from './local-posts.ts';
import { businessRoutes, manageScope } from './routes.ts';

/** Google Business Profile: local posts of version 4, accounts and locations of version 1. An account of the sandbox is a location. */
export const googleBusiness: PlatformDefinition = {
  id: 'google-business',
  title: 'Google Business Profile',
  prefix: '/google-business',
  sites: ['google-business'],
  open: openGoogleBusiness,
};

function openGoogleBusiness(context: SiteContext): Site {
  const { sandbox } = context;
  const tokens = createTokens(context);
  const together = createTogether(context, 'google-business.together');
  const posts = createLocalPosts(context);

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Google Business Profile',
    origin: context.origin,
    answers: googleAnswers,
    identify(request) {
      const caller = identifyCaller(context, shownIn(request));
      const named = /\/locations\/(\d+)/u.exec(request.originalUrl)?.[1];
      if (caller === undefined || named === undefined) return caller;
      const isTheirs = together.openedBy(caller.account).some(({ id }) => id === named);
      return isTheirs ? { ...caller, account: named } : caller;
    },
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/u, '')
        .replaceAll(/[^\p{L}\p{N}&.'-]+/gu, '-')
        .replace(/^-+|-+$/gu, ''),
    newAccountId() {
      for (;;) {
        const id = `${randomInt(100_000_000, 999_999_999)}${randomInt(100_000_000, 999_999_999)}`;
        if (sandbox.accounts.byId(context.site, id) === undefined) return id;
      }
    },
    issueCredentials(location) {
      const { access_token, refresh_token, expires_in } = tokens.issue(tokens.consent(location.id, manageScope), true);
      return { accessToken: access_token, refreshToken: refresh_token ?? '', expiresIn: expires_in };
    },
    postUrl: (post) => `${context.origin()}/post?${new URLSearchParams({ name: post.id }).toString()}`,
    clearPosts: () => posts.clear(),
    routes(app) {
      oauthRoutes(app, site, context, { tokens, opening: (chosen) => together.opening(chosen) });
      businessRoutes(app, context, { tokens, together, posts });
      app.get('/post', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, PostQuery.parse(request.query).name),
      );
    },
  };
  return site;
}

const PostQuery = z.object({ name: z.string().catch('') });
