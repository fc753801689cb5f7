import type { FastifyRequest } from 'fastify';
import { builtInClient } from '../oauth/built-in-client.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { MultipartForm } from '../uploads/multipart-form.ts';
import { createAdmission } from './admit.ts';
import { pinterestAnswers } from './answers.ts';
import { analyticsRoutes } from './analytics-routes.ts';
import { boardRoutes } from './board-routes.ts';
import { mediaRoutes } from './media-routes.ts';
import { knownScopes, oauthRoutes } from './oauth-routes.ts';
import { createOwners } from './owners.ts';
import type { PinterestParts } from './parts.ts';
import { pinRoutes } from './pin-routes.ts';
import { createPins } from './pins.ts';
import { createSections } from './sections.ts';
import { createTokens } from './tokens.ts';
import { createUploads } from './uploads.ts';

/** Pinterest, version 5: https://developers.pinterest.com/docs/api/v5. An account is a board of a user. */
export const pinterest: PlatformDefinition = {
  id: 'pinterest',
  title: 'Pinterest',
  prefix: '/pinterest',
  sites: ['pinterest'],
  open: openPinterest,
};

function openPinterest(context: SiteContext): Site {
  const { sandbox } = context;
  const owners = createOwners(context);
  const tokens = createTokens(context);
  const parts: PinterestParts = {
    owners,
    tokens,
    admit: createAdmission(context, owners, tokens),
    sections: createSections(context),
    uploads: createUploads(context),
    pins: createPins(context),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Pinterest',
    origin: context.origin,
    answers: pinterestAnswers,
    identify: (request) => identify(context, parts, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .toLowerCase()
        .replace(/^@/u, '')
        .replace(/[^\p{L}\p{N}_-]+/gu, '-')
        .replace(/^-+|-+$/gu, ''),
    newAccountId: () => owners.newBoardId(),
    issueCredentials(account) {
      owners.of(account);
      const issued = tokens.issue(account, builtInClient.id, knownScopes.join(' '));
      const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = issued;
      return { accessToken, refreshToken, expiresIn };
    },
    postUrl: (post) => `${context.origin()}/pin/${post.id}/`,
    clearPosts: () => [...parts.pins.clear(), ...parts.uploads.clear()],
    routes(app) {
      oauthRoutes(app, site, context, parts);
      boardRoutes(app, site, context, parts);
      mediaRoutes(app, context, parts);
      pinRoutes(app, site, context, parts);
      analyticsRoutes(app, context, parts);
      app.get<{ Params: { id: string } }>('/pin/:id/', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, request.params.id),
      );
    },
  };
  return site;
}

/** A file is sent with the key of its upload, without a token. */
function identify(context: SiteContext, { uploads }: PinterestParts, request: FastifyRequest): Caller | undefined {
  if (request.body instanceof MultipartForm) {
    const upload = uploads.byKey(request.body.fields['key'] ?? '');
    return upload === undefined ? undefined : { account: upload.account, grant: null, use: 'access' };
  }
  return identifyCaller(context, shownIn(request));
}
