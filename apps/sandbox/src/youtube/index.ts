import { z } from 'zod';
import { googleAnswers } from '../google/answers.ts';
import { oauthRoutes } from '../google/oauth-routes.ts';
import { createTogether } from '../google/together.ts';
import { createTokens } from '../google/tokens.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { PlatformDefinition, Site, SiteContext } from '../site.ts';
import { randomSecret } from '../state/random-secret.ts';
import { createAdmission } from './admit.ts';
import { analyticsRoutes } from './analytics-routes.ts';
import { createComments } from './comments.ts';
import type { YouTubeParts } from './parts.ts';
import { createPlaylists } from './playlists.ts';
import { resourceRoutes } from './resource-routes.ts';
import { uploadRoutes } from './upload-routes.ts';
import { createUploads } from './uploads.ts';
import { createVideos } from './videos.ts';

/** YouTube's Data API v3. An account of the sandbox is a channel. */
export const youtube: PlatformDefinition = {
  id: 'youtube',
  title: 'YouTube',
  prefix: '/youtube',
  sites: ['youtube'],
  open: openYouTube,
};

const allScopes = [
  'openid',
  'https://www.googleapis.com/auth/youtube.upload',
  'https://www.googleapis.com/auth/youtube',
  'https://www.googleapis.com/auth/youtube.force-ssl',
  'https://www.googleapis.com/auth/yt-analytics.readonly',
].join(' ');

function openYouTube(context: SiteContext): Site {
  const { sandbox } = context;
  const tokens = createTokens(context);
  const channels = createTogether(context, 'youtube.together');
  const playlists = createPlaylists(context);
  const parts: YouTubeParts = {
    tokens,
    channels,
    admission: createAdmission(context, tokens, channels),
    uploads: createUploads(context),
    videos: createVideos(context, playlists),
    playlists,
    comments: createComments(context),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'YouTube',
    origin: context.origin,
    answers: googleAnswers,
    identify: (request) => identifyCaller(context, shownIn(request)),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/u, '')
        .replace(/[^\p{L}\p{N}._-]+/gu, '-')
        .replace(/^[.-]+|[.-]+$/gu, ''),
    newAccountId: () => newChannelId((id) => sandbox.accounts.byId(context.site, id) !== undefined),
    issueCredentials(channel) {
      const { access_token, refresh_token, expires_in } = tokens.issue(tokens.consent(channel.id, allScopes), true);
      return { accessToken: access_token, refreshToken: refresh_token ?? '', expiresIn: expires_in };
    },
    postUrl: (post) => `${context.origin()}/watch?v=${post.id}`,
    clearPosts: () => [
      ...parts.videos.clear(),
      ...parts.uploads.clear(),
      ...parts.playlists.clear(),
      ...parts.comments.clear(),
    ],
    routes(app) {
      oauthRoutes(app, site, context, { tokens, opening: (chosen) => channels.opening(chosen) });
      uploadRoutes(app, context, parts);
      resourceRoutes(app, context, parts);
      analyticsRoutes(app, context, parts);
      app.get('/watch', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, WatchQuery.parse(request.query).v),
      );
    },
  };
  return site;
}

function newChannelId(isTaken: (id: string) => boolean): string {
  for (;;) {
    const id = `UC${randomSecret(17).slice(0, 22)}`;
    if (!isTaken(id)) return id;
  }
}

const WatchQuery = z.object({ v: z.string().catch('') });
