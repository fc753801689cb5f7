import { z } from 'zod';
import { googleAnswers } from '../google/answers.ts';
import { identifyGoogle, oauthRoutes } from '../google/oauth-routes.ts';
import { createTogether } from '../google/together.ts';
import { createTokens } from '../google/tokens.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { PlatformDefinition, Site, SitePlace } from '../site.ts';
import { randomSecret } from '../state/random-secret.ts';
import { createAdmission } from './admit.ts';
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
].join(' ');

function openYouTube(place: SitePlace): Site {
  const { sandbox } = place;
  const tokens = createTokens(place);
  const channels = createTogether(place, 'youtube.together');
  const playlists = createPlaylists(place);
  const parts: YouTubeParts = {
    tokens,
    channels,
    admission: createAdmission(place, tokens, channels),
    uploads: createUploads(place),
    videos: createVideos(place, playlists),
    playlists,
    comments: createComments(place),
  };

  const site: Site = {
    id: place.site,
    platform: place.platform,
    title: 'YouTube',
    origin: place.origin,
    answers: googleAnswers,
    identify: (request) => identifyGoogle(place, tokens, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/u, '')
        .replace(/[^\p{L}\p{N}._-]+/gu, '-')
        .replace(/^[.-]+|[.-]+$/gu, ''),
    newAccountId: () => newChannelId((id) => sandbox.accounts.byId(place.site, id) !== undefined),
    issueCredentials(channel) {
      const { access_token, refresh_token, expires_in } = tokens.issue(tokens.consent(channel.id, allScopes), true);
      return { accessToken: access_token, refreshToken: refresh_token ?? '', expiresIn: expires_in };
    },
    postUrl: (post) => `${place.origin()}/watch?v=${post.id}`,
    clearPosts: () => [
      ...parts.videos.clear(),
      ...parts.uploads.clear(),
      ...parts.playlists.clear(),
      ...parts.comments.clear(),
    ],
    routes(app) {
      oauthRoutes(app, site, place, { tokens, opening: (chosen) => channels.opening(chosen) });
      uploadRoutes(app, place, parts);
      resourceRoutes(app, place, parts);
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
