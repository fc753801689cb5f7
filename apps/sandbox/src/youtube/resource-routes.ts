import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { badRequest, refuse } from '../google/answers.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { commentCharactersMax, units } from './limits.ts';
import type { YouTubeParts } from './parts.ts';
import { parseQuery } from './upload-routes.ts';
import { parseVideoBody } from './video-body.ts';
import type { Video } from './videos.ts';
import { listOf, uploadsOf, viewChannel, viewItem, viewPlaylist, viewThread, viewVideo } from './views.ts';

const read = { units: units.read };
const write = { units: units.write };
const readers = ['manage', 'comment', 'read'] as const;
const writers = ['manage', 'comment'] as const;

/** Channels, videos, playlists and comments: https://developers.google.com/youtube/v3/docs */
export function resourceRoutes(app: FastifyInstance, context: SiteContext, parts: YouTubeParts): void {
  const { sandbox, site } = context;
  const { admission, videos, playlists, comments } = parts;

  app.get('/youtube/v3/channels', (request) => {
    const { part, id, mine } = parseQuery(ChannelsQuery, request.query);
    const { opened } = admission.caller(request, readers, read);
    if (mine !== 'true' && id === undefined) throw noFilter();
    const wanted = mine === 'true' ? opened : idsIn(id).flatMap((each) => sandbox.accounts.byId(site, each) ?? []);
    return listOf(
      'channel',
      wanted.map((channel) => viewChannel(channel, channelNumbers(channel), part)),
    );
  });

  app.get('/youtube/v3/videos', (request) => {
    const { part, id } = parseQuery(ListQuery, request.query);
    const { opened } = admission.caller(request, readers, read);
    if (id === undefined) throw noFilter();
    const mine = new Set(opened.map((channel) => channel.id));
    const items = idsIn(id).flatMap((each) => {
      const video = videos.get(each);
      const channel = sandbox.accounts.byId(site, video?.channel ?? '');
      if (video === undefined || channel === undefined) return [];
      const mayRead = mine.has(channel.id) || video.status.privacyStatus !== 'private';
      return mayRead ? [viewVideo({ videos, numbers: numbersOf(video) }, channel, video, part)] : [];
    });
    return listOf('video', items);
  });

  app.put('/youtube/v3/videos', (request) => {
    const { part } = parseQuery(PartQuery, request.query);
    const { opened } = admission.caller(request, writers, write);
    const { id = '', snippet, status } = parseVideoBody(request.body);
    const video = videos.get(id);
    if (video === undefined)
      throw refuse({
        code: 404,
        message: 'The video that you are trying to update cannot be found.',
        reason: 'videoNotFound',
        domain: 'youtube.video',
      });
    const channel = opened.find((each) => each.id === video.channel);
    if (channel === undefined)
      throw refuse({ code: 403, message: 'Forbidden', reason: 'forbidden', domain: 'youtube.video' });
    const names = part.split(',');
    const given = {
      ...(names.includes('snippet') ? { snippet } : {}),
      ...(names.includes('status') ? { status } : {}),
    };
    if (names.includes('snippet') && snippet === undefined)
      throw badRequest('invalidTitle', 'The request metadata specifies an invalid or empty video title.');
    return viewVideo({ videos, numbers: numbersOf(video) }, channel, videos.update(channel, video, given), part);
  });

  app.delete('/youtube/v3/videos', (request, reply) => {
    const { id } = parseQuery(IdQuery, request.query);
    const { opened } = admission.caller(request, writers, write);
    const video = videos.get(id);
    if (video === undefined)
      throw refuse({
        code: 404,
        message: 'The video that you are trying to delete cannot be found.',
        reason: 'videoNotFound',
        domain: 'youtube.video',
      });
    if (!opened.some((channel) => channel.id === video.channel))
      throw refuse({ code: 403, message: 'Forbidden', reason: 'forbidden', domain: 'youtube.video' });
    videos.remove(video);
    return reply.code(204).send();
  });

  app.get('/youtube/v3/playlists', (request) => {
    const { part, id, mine } = parseQuery(ChannelsQuery, request.query);
    const { opened } = admission.caller(request, readers, read);
    const found =
      mine === 'true'
        ? opened.flatMap((channel) => playlists.ofChannel(channel.id))
        : idsIn(id).flatMap((each) => playlists.get(each) ?? []);
    return listOf(
      'playlist',
      found.map((playlist) => viewPlaylist(playlist, part)),
    );
  });

  app.post('/youtube/v3/playlists', (request) => {
    const { part } = parseQuery(PartQuery, request.query);
    const { channel } = admission.caller(request, writers, write);
    const { snippet } = parseBody(NewPlaylist, request.body);
    return viewPlaylist(playlists.create(channel.id, snippet.title), part);
  });

  app.get('/youtube/v3/playlistItems', { config: { listing: true } }, (request) => {
    const { part, playlistId, videoId, maxResults, pageToken } = parseQuery(ItemsQuery, request.query);
    const { opened } = admission.caller(request, readers, read);
    const mine = opened.find((channel) => uploadsOf(channel.id) === playlistId);
    const playlist = playlists.get(playlistId);
    if (mine === undefined && playlist === undefined)
      throw refuse({
        code: 404,
        message: 'The playlist identified with the request cannot be found.',
        reason: 'playlistNotFound',
        domain: 'youtube.playlistItem',
      });
    const visibleBefore = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const listed: { id: string; video: Video }[] =
      mine === undefined
        ? (playlist?.items ?? []).flatMap((item) => {
            const video = videos.get(item.video);
            return video === undefined ? [] : [{ id: item.id, video }];
          })
        : videos
            .ofChannel(mine.id)
            .filter((video) => video.uploadedAtMs <= visibleBefore)
            .map((video) => ({ id: `UU${video.id}`, video }));
    const matching = listed.filter(({ video }) => videoId === undefined || video.id === videoId);
    const from = pageToken === undefined ? 0 : Number(pageToken.replace(/\D/gu, ''));
    const page = matching.slice(from, from + maxResults);
    const next = from + maxResults < matching.length ? `P${from + maxResults}` : undefined;
    const items = page.map((item, at) => viewItem({ ...item, playlist: playlistId, position: from + at }, part));
    return listOf('playlistItem', items, next);
  });

  app.post('/youtube/v3/playlistItems', (request) => {
    const { part } = parseQuery(PartQuery, request.query);
    const { opened } = admission.caller(request, writers, write);
    const { playlistId, resourceId } = parseBody(NewItem, request.body).snippet;
    const playlist = playlists.get(playlistId);
    const video = videos.get(resourceId.videoId);
    if (playlist === undefined || video === undefined)
      throw refuse({
        code: 404,
        message: 'Not Found',
        reason: playlist === undefined ? 'playlistNotFound' : 'videoNotFound',
        domain: 'youtube.playlistItem',
      });
    if (!opened.some((channel) => channel.id === playlist.channel))
      throw refuse({
        code: 403,
        message: 'Forbidden',
        reason: 'playlistItemsNotAccessible',
        domain: 'youtube.playlistItem',
      });
    const id = playlists.add(playlist, video.id);
    return viewItem({ id, playlist: playlist.id, position: playlist.items.length, video }, part);
  });

  app.get('/youtube/v3/commentThreads', { config: { listing: true } }, (request) => {
    const { videoId, maxResults } = parseQuery(ThreadsQuery, request.query);
    admission.caller(request, ['comment'], read);
    requireCommented(videoId);
    const below = comments.below(videoId, request.visit.listingLagMs);
    return listOf('commentThread', below.slice(0, maxResults).map(viewThread));
  });

  app.post('/youtube/v3/commentThreads', (request) => {
    parseQuery(PartQuery, request.query);
    const { channel } = admission.caller(request, ['comment'], write);
    const { videoId, topLevelComment } = parseBody(NewThread, request.body).snippet;
    const { textOriginal } = topLevelComment.snippet;
    if (textOriginal.trim() === '')
      throw refuse({
        code: 400,
        message: 'The comment resource must contain comment text.',
        reason: 'commentTextRequired',
        domain: 'youtube.commentThread',
      });
    if (textOriginal.length > commentCharactersMax)
      throw refuse({
        code: 400,
        message:
          'The comment resource that is being inserted contains too many characters in the snippet.topLevelComment.snippet.textOriginal property.',
        reason: 'commentTextTooLong',
        domain: 'youtube.commentThread',
      });
    requireCommented(videoId);
    return viewThread(comments.add(channel.id, videoId, textOriginal));
  });

  /** Undefined for a video that nobody sees. */
  function numbersOf(video: Video) {
    const post = sandbox.posts.get(site, video.id);
    return post === undefined ? undefined : sandbox.audience.ofPost(post);
  }

  function channelNumbers(channel: Account) {
    return {
      followers: sandbox.audience.followers(channel),
      views: sandbox.audience.ofAccount(channel).views,
      videos: sandbox.posts.ofAccount(site, channel.id).length,
    };
  }

  /** @throws {RefusalError} 403, 404 */
  function requireCommented(id: string): void {
    const video = videos.get(id);
    if (video === undefined)
      throw refuse({
        code: 404,
        message: 'The video identified by the videoId parameter could not be found.',
        reason: 'videoNotFound',
        domain: 'youtube.commentThread',
      });
    if (video.status.selfDeclaredMadeForKids || video.status.privacyStatus === 'private')
      throw refuse({
        code: 403,
        message: 'The video identified by the videoId parameter has disabled comments.',
        reason: 'commentsDisabled',
        domain: 'youtube.commentThread',
      });
  }
}

function idsIn(list: string | undefined): string[] {
  return (list ?? '').split(',').slice(0, 50);
}

function noFilter() {
  return refuse({
    code: 400,
    message: 'No filter selected. Expected one of: id, mine',
    reason: 'missingRequiredParameter',
    domain: 'youtube.parameter',
  });
}

function parseBody<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw refuse({ code: 400, message: `Invalid JSON payload received at '${path}'`, reason: 'badRequest' });
}

const PartQuery = z.object({ part: z.string().min(1) });
const IdQuery = z.object({ id: z.string().min(1) });
const ListQuery = PartQuery.extend({ id: z.string().optional() });
const ChannelsQuery = ListQuery.extend({ mine: z.string().optional(), maxResults: z.string().optional() });
const count = z.coerce.number().int();
const ItemsQuery = PartQuery.extend({
  playlistId: z.string().min(1),
  videoId: z.string().optional(),
  maxResults: count.min(0).max(50).default(5),
  pageToken: z.string().optional(),
});
const ThreadsQuery = PartQuery.extend({
  videoId: z.string().min(1),
  maxResults: count.min(1).max(100).default(20),
  order: z.enum(['time', 'relevance']).optional(),
  textFormat: z.enum(['html', 'plainText']).optional(),
});
const NewPlaylist = z.strictObject({ snippet: z.strictObject({ title: z.string().min(1).max(150) }) });
const NewItem = z.strictObject({
  snippet: z.strictObject({
    playlistId: z.string(),
    position: z.int().optional(),
    resourceId: z.strictObject({ kind: z.literal('youtube#video'), videoId: z.string() }),
  }),
});
const NewThread = z.strictObject({
  snippet: z.strictObject({
    videoId: z.string(),
    channelId: z.string().optional(),
    topLevelComment: z.strictObject({ snippet: z.strictObject({ textOriginal: z.string() }) }),
  }),
});
