import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { badRequest, refuse } from '../google/answers.ts';
import type { SiteContext } from '../site.ts';
import { mediumOf, ReceivedFile, sizeOfImage } from '../uploads/received-file.ts';
import { thumbnailBytesMax, units, uploadsByApp } from './limits.ts';
import type { YouTubeParts } from './parts.ts';
import { keptBytes, type Upload } from './uploads.ts';
import { parseVideoBody, Status } from './video-body.ts';
import { viewVideo } from './views.ts';

const path = '/upload/youtube/v3/videos';

/** https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol */
export function uploadRoutes(app: FastifyInstance, context: SiteContext, parts: YouTubeParts): void {
  const { admission, uploads, videos } = parts;

  app.post(path, (request, reply) => {
    const query = parseQuery(BeginQuery, request.query);
    const { channel } = admission.caller(request, ['upload', 'manage', 'comment'], { of: uploadsByApp });
    if (query.uploadType !== 'resumable') throw badRequest('mediaBodyRequired', 'The sandbox takes resumable uploads.');
    const { snippet, status } = parseVideoBody(request.body ?? {});
    if (snippet === undefined)
      throw badRequest('invalidTitle', 'The request metadata specifies an invalid or empty video title.');
    const bytes = Number(request.headers['x-upload-content-length']);
    const mimeType = String(request.headers['x-upload-content-type'] ?? '');
    if (!Number.isInteger(bytes) || bytes < 1)
      throw badRequest('badRequest', 'X-Upload-Content-Length is required here.');
    if (!/^(?:video\/|application\/octet-stream)/u.test(mimeType))
      throw badRequest(
        'badContent',
        'Media type is not supported. Valid media types: [video/*, application/octet-stream]',
      );
    const upload = uploads.begin(channel, { snippet, status: status ?? Status.parse({}), bytes, mimeType });
    const location = new URL(`${context.origin()}${path}`);
    location.search = new URLSearchParams({
      uploadType: 'resumable',
      part: query.part,
      upload_id: upload.id,
    }).toString();
    return reply.code(200).headers({ location: location.href, 'x-guploader-uploadid': upload.id }).send();
  });

  app.put(path, async (request, reply) => {
    const { upload_id: id, part } = parseQuery(SessionQuery, request.query);
    const upload = uploads.get(id);
    if (upload === undefined) throw refuse({ code: 404, message: 'Not Found', reason: 'notFound' });
    if (upload.video !== null) return finished(reply, upload.video, part);
    const range = String(request.headers['content-range'] ?? '');
    if (/^bytes \*\/(?:\d+|\*)$/u.test(range)) return goOn(reply, upload);
    const [, first = '', last = '', total = ''] = /^bytes (\d+)-(\d+)\/(\d+)$/u.exec(range) ?? [];
    if (total === '' && range !== '')
      throw refuse({ code: 400, message: 'Failed to parse Content-Range header.', reason: 'badRequest' });
    if (!(request.body instanceof ReceivedFile))
      throw badRequest('mediaBodyRequired', 'The request does not include the video content.');
    const bounds =
      range === ''
        ? { first: 0, last: request.body.bytes - 1, total: upload.bytes }
        : { first: Number(first), last: Number(last), total: Number(total) };
    const after = uploads.append(upload, bounds, request.body);
    if (!uploads.isWhole(after)) return goOn(reply, after);
    const medium = await uploads.whole(after);
    // Another request of the same session may have come to the end meanwhile.
    const before = uploads.get(id)?.video ?? null;
    if (before !== null) return finished(reply, before, part);
    const channel = context.sandbox.accounts.byId(context.site, after.channel);
    if (channel === undefined) throw refuse({ code: 404, message: 'Not Found', reason: 'notFound' });
    const { snippet, status } = after;
    const video = videos.add(channel, { snippet, status, medium }, (made) => [uploads.finished(after, made)]);
    return finished(reply, video.id, part);
  });

  function goOn(reply: FastifyReply, upload: Upload): FastifyReply {
    const kept = keptBytes(upload);
    if (kept > 0) reply.header('range', `bytes=0-${kept - 1}`);
    return reply.code(308).send();
  }

  function finished(reply: FastifyReply, id: string, part: string): FastifyReply {
    const video = videos.get(id);
    const channel = context.sandbox.accounts.byId(context.site, video?.channel ?? '');
    if (video === undefined || channel === undefined)
      throw refuse({ code: 404, message: 'Not Found', reason: 'notFound' });
    return reply.code(200).send(viewVideo({ videos, numbers: undefined }, channel, video, part));
  }

  /** https://developers.google.com/youtube/v3/docs/thumbnails/set */
  app.post('/upload/youtube/v3/thumbnails/set', (request) => {
    const { videoId } = parseQuery(ThumbnailQuery, request.query);
    const { channel } = admission.caller(request, ['upload', 'manage', 'comment'], { units: units.write });
    const video = videos.get(videoId);
    if (video === undefined)
      throw refuse({
        code: 404,
        message: 'The video cannot be found.',
        reason: 'videoNotFound',
        domain: 'youtube.thumbnail',
      });
    if (video.channel !== channel.id || channel.handle.startsWith('unverified'))
      throw refuse({
        code: 403,
        message: "The authenticated user doesn't have permissions to upload and set custom video thumbnails.",
        reason: 'forbidden',
        domain: 'youtube.thumbnail',
      });
    const file = request.body;
    if (!(file instanceof ReceivedFile))
      throw badRequest('mediaBodyRequired', 'The request does not include the image content.');
    if (file.bytes > thumbnailBytesMax)
      throw refuse({ code: 413, message: 'The image is too large.', reason: 'mediaBodyTooLarge' });
    const size = sizeOfImage(file.head);
    if (size === undefined || !['jpg', 'png'].includes(size.type))
      throw badRequest('invalidImage', 'The provided image content is invalid.');
    videos.setThumbnail(video, mediumOf(file, null));
    const url = `${context.origin()}/vi/${video.id}/maxresdefault.jpg`;
    return {
      kind: 'youtube#thumbnailSetResponse',
      etag: 'sandbox',
      items: [{ default: { url, width: size.width, height: size.height } }],
    };
  });
}

export function parseQuery<Value>(schema: z.ZodType<Value>, query: unknown): Value {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const name = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw refuse({ code: 400, message: `Required parameter: ${name}`, reason: 'required', domain: 'global' });
}

const BeginQuery = z.object({
  uploadType: z.string(),
  part: z.string().min(1),
  notifySubscribers: z.enum(['true', 'false']).optional(),
});
const SessionQuery = z.object({ upload_id: z.string(), part: z.string().default('snippet,status') });
const ThumbnailQuery = z.object({ videoId: z.string() });
