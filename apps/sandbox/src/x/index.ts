import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../oauth/bearer-token.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { xAnswers } from './answers.ts';
import { oauthRoutes } from './oauth-routes.ts';
import { issueTokens } from './tokens.ts';
import { mediaRoutes } from './media-routes.ts';
import { tweetRoutes } from './tweet-routes.ts';
import { createTweets } from './tweets.ts';
import { createUploads } from './uploads.ts';
import { userRoutes } from './user-routes.ts';

/** X, API version 2: https://docs.x.com/x-api */
export const x: PlatformDefinition = { id: 'x', title: 'X', prefix: '/x', sites: ['x'], open: openX };

const allScopes = 'tweet.read tweet.write users.read media.write offline.access';

function openX(context: SiteContext): Site {
  const { sandbox } = context;
  const uploads = createUploads(context);
  const tweets = createTweets(context, uploads);
  const newAccountId = createSnowflake({
    epochMs: 0,
    sequenceBits: 20,
    wallMs: sandbox.clock.wallMs,
    isTaken: (id) => sandbox.accounts.byId(context.site, id) !== undefined,
  });

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'X',
    origin: context.origin,
    answers: xAnswers,
    identify: (request) => identify(context, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/, '')
        .replace(/[^A-Za-z0-9_]/g, '_'),
    newAccountId,
    issueCredentials(account) {
      const { grant, change } = sandbox.grants.open(context.site, account.id, builtInClient.id, allScopes);
      const tokens = issueTokens(sandbox, grant, [change]);
      return {
        accessToken: tokens.access_token,
        expiresIn: tokens.expires_in,
        ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
      };
    },
    postUrl: (post) =>
      `${context.origin()}/${sandbox.accounts.byId(context.site, post.account)?.handle ?? 'i'}/status/${post.id}`,
    clearPosts: () => tweets.clear(),
    routes(app) {
      oauthRoutes(app, site, context);
      tweetRoutes(app, context, tweets);
      mediaRoutes(app, context, uploads);
      userRoutes(app, context, tweets);
      app.get<{ Params: { id: string } }>('/:handle/status/:id', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, request.params.id),
      );
    },
  };
  return site;
}

/** By the access token, or on the token routes by what is to be exchanged, refreshed or revoked. */
function identify(context: SiteContext, request: FastifyRequest): Caller | undefined {
  const shown = shownIn(request, ['refresh_token', 'token']);
  return identifyCaller(context, { ...shown, token: bearerToken(request.headers.authorization) ?? shown.token });
}
