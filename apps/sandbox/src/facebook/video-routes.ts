import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidParameter, refuse } from '../graph/answers.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import { fileIn, flagIn, parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import { ReceivedFile } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import { versionOf } from './admit.ts';
import { reelsOfPage } from './limits.ts';
import type { FacebookParts } from './parts.ts';
import { receivedBytes, type Video } from './videos.ts';

const publish = ['pages_manage_posts', 'pages_read_engagement'];
/** What the server asks for at once. */
const chunkBytes = 4 * 1024 * 1024;

/** https://developers.facebook.com/docs/video-api/guides/publishing and …/reels-publishing */
export function videoRoutes(app: FastifyInstance, context: SiteContext, parts: FacebookParts): void {
  const { sandbox, platform } = context;
  const { admission, videos, posts } = parts;

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/videos`, async (request, reply) => {
    const page = admission.page(request, reply, request.params.id, publish);
    const given = parametersOf(request);
    switch (given['upload_phase']) {
      case undefined: {
        const file = fileIn(request, 'source') ?? (await fetchFile(given['file_url'] ?? ''));
        if (file === null) throw refuse({ code: 389, message: '(#389) Unable to fetch video file from URL.' });
        const video = videos.put(videos.begin(page, 'video', file.bytes), file);
        await end(page, video, given);
        return { id: video.id };
      }
      case 'start': {
        const bytes = Number(given['file_size']);
        if (!Number.isInteger(bytes) || bytes < 1) throw invalidParameter('Param file_size must be a positive number');
        const video = videos.begin(page, 'video', bytes);
        return { upload_session_id: video.session, video_id: video.id, ...offsets(video) };
      }
      case 'transfer': {
        const video = requireSession(page, given);
        const piece = fileIn(request, 'video_file_chunk');
        if (piece === undefined) throw invalidParameter('Param video_file_chunk is missing');
        return offsets(videos.append(video, Number(given['start_offset']), piece));
      }
      case 'finish':
        await end(page, requireSession(page, given), given);
        return { success: true };
      default:
        throw invalidParameter('Param upload_phase must be one of {start, transfer, finish, cancel}');
    }
  });

  app.post<{ Params: { id: string } }>(`${versionPath}/:id/video_reels`, async (request, reply) => {
    const page = admission.page(request, reply, request.params.id, publish);
    const given = parametersOf(request);
    if (given['upload_phase'] === 'start') {
      const video = videos.begin(page, 'reel', null);
      return { video_id: video.id, upload_url: `${context.origin()}/video-upload/${versionOf(request)}/${video.id}` };
    }
    if (given['upload_phase'] !== 'finish') throw invalidParameter('Param upload_phase must be one of {start, finish}');
    const video = videos.require(page, given['video_id'] ?? '');
    if (given['video_state'] !== 'PUBLISHED') throw invalidParameter('The sandbox takes video_state PUBLISHED only');
    const [reels] = sandbox.limits.draw(platform, [{ limit: reelsOfPage, subject: page.id }]);
    if (reels?.exceeded === true) {
      throw refuse({ code: 368, subcode: 1_390_008, message: '(#368) You can publish 30 reels in 24 hours' });
    }
    const post = await end(page, video, given);
    return { success: true, ...(post === null ? {} : { post_id: post }) };
  });

  /** The host for bytes: `offset` and `file_size` in headers, or `file_url` to fetch. */
  app.post<{ Params: { version: string; id: string } }>('/video-upload/:version/:id', async (request) => {
    const asking = admission.caller(request);
    if (asking.kind !== 'page') throw refuse({ code: 190, message: 'A page access token is needed' });
    const video = videos.require(asking.page, request.params.id);
    const url = headerOf(request, 'file_url');
    const file = url === undefined ? request.body : await fetchFile(url);
    if (!(file instanceof ReceivedFile))
      throw refuse({ code: 389, message: '(#389) Unable to fetch video file from URL.' });
    const bytes = url === undefined ? Number(headerOf(request, 'file_size')) : file.bytes;
    const offset = url === undefined ? Number(headerOf(request, 'offset')) : 0;
    if (!Number.isInteger(bytes) || !Number.isInteger(offset))
      throw invalidParameter('offset and file_size are needed');
    videos.append({ ...video, bytes }, offset, file);
    return { success: true };
  });

  function requireSession(page: Account, given: Readonly<Record<string, string>>): Video {
    const video = videos.ofSession(given['upload_session_id'] ?? '');
    if (video === undefined || video.page !== page.id) {
      throw refuse({ code: 6000, subcode: 1_363_033, message: '(#6000) The session was not found or has expired' });
    }
    return video;
  }

  /** From here on it is out, or will be refused when it is looked at. */
  async function end(
    page: Account,
    given: Video,
    parameters: Readonly<Record<string, string>>,
  ): Promise<string | null> {
    requireOpen(given);
    const medium = await videos.whole(given);
    const video = requireOpen(videos.get(given.id) ?? given);
    if (medium === null) {
      sandbox.store.commit([videos.finish(video, 'refused')]);
      return null;
    }
    if (!flagIn(parameters, 'published', true)) throw invalidParameter('The sandbox takes published videos only');
    const content = { message: parameters['description'] ?? '', link: null, photos: [], video: video.id };
    return posts.create(page, content, [medium], (post) => [videos.finish(video, { medium, post })]).id;
  }
}

function requireOpen(video: Video): Video {
  if (video.finishedAtMs === null) return video;
  throw refuse({ code: 6000, subcode: 1_363_129, message: '(#6000) This upload was finished already' });
}

function offsets(video: Video): { start_offset: string; end_offset: string } {
  const start = receivedBytes(video);
  return { start_offset: String(start), end_offset: String(Math.min(start + chunkBytes, video.bytes ?? start)) };
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
