import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { builtInClient } from '../oauth/built-in-client.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { randomSecret } from '../state/random-secret.ts';
import { createAdmission } from './admit.ts';
import { tiktokAnswers } from './answers.ts';
import { knownScopes, oauthRoutes } from './oauth-routes.ts';
import type { TikTokParts } from './parts.ts';
import { createTikTokPosts } from './posts.ts';
import { publishRoutes } from './publish-routes.ts';
import { createPublishes } from './publishes.ts';
import { createTokens } from './tokens.ts';
import { userRoutes } from './user-routes.ts';

/** TikTok's Content Posting API, version 2: https://developers.tiktok.com/doc/content-posting-api-get-started */
export const tiktok: PlatformDefinition = {
  id: 'tiktok',
  title: 'TikTok',
  prefix: '/tiktok',
  sites: ['tiktok'],
  open: openTikTok,
};

function openTikTok(context: SiteContext): Site {
  const { sandbox } = context;
  const tokens = createTokens(context);
  const parts: TikTokParts = {
    tokens,
    admit: createAdmission(context, tokens),
    posts: createTikTokPosts(context),
    publishes: createPublishes(context),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'TikTok',
    origin: context.origin,
    answers: tiktokAnswers,
    identify: (request) => identify(context, parts, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .toLowerCase()
        .replace(/^@/u, '')
        .replace(/[^a-z0-9_.]/gu, '_'),
    newAccountId: () => `-000${randomSecret(27).replaceAll('-', '0')}`,
    issueCredentials(account) {
      const issued = tokens.issue(account, builtInClient.id, knownScopes.join(','));
      const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = issued;
      return { accessToken, refreshToken, expiresIn };
    },
    postUrl: (post) => {
      const handle = sandbox.accounts.byId(context.site, post.account)?.handle ?? 'i';
      const kind = post.media.some(({ type }) => type === 'video') ? 'video' : 'photo';
      return `${context.origin()}/@${handle}/${kind}/${post.id}`;
    },
    clearPosts: () => [...parts.posts.clear(), ...parts.publishes.clear()],
    routes(app) {
      oauthRoutes(app, site, context, parts);
      publishRoutes(app, site, context, parts);
      userRoutes(app, site, context, parts);
      app.get<{ Params: { id: string } }>(
        '/:handle/:kind(^video$|^photo$)/:id',
        { config: { page: true } },
        (request, reply) => sendPostPage(reply, site, sandbox, request.params.id),
      );
    },
  };
  return site;
}

/** Bytes are sent to an address that is a secret, without a token. */
function identify(context: SiteContext, { publishes }: TikTokParts, request: FastifyRequest): Caller | undefined {
  const params = z.object({ secret: z.string() }).safeParse(request.params).data;
  if (params !== undefined) {
    const publish = publishes.uploading(params.secret);
    return publish === undefined ? undefined : { account: publish.account, grant: null, use: 'access' };
  }
  return identifyCaller(context, shownIn(request, ['refresh_token', 'token']));
}
