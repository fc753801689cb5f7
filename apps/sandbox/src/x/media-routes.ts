import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { MultipartForm } from '../uploads/multipart-form.ts';
import { receiveFile, type ReceivedFile } from '../uploads/received-file.ts';
import { admit } from './admit.ts';
import { invalidRequest } from './answers.ts';
import { tweetLimits } from './limits.ts';
import { altCharactersMax, categoryNames, segmentBytesMax, uploadLifeSeconds } from './media-rules.ts';
import { parseQuery, refuseUnknown } from './tweet-routes.ts';
import type { Upload, Uploads } from './uploads.ts';

const scopes = ['media.write'];
/** A segment or an image in base64, within JSON. */
const jsonBytesMax = 8 * 1024 * 1024;

/** https://docs.x.com/x-api/media/quickstart/media-upload-chunked */
export function mediaRoutes(app: FastifyInstance, context: SiteContext, uploads: Uploads): void {
  const nowMs = () => context.sandbox.clock.nowMs();

  app.post('/2/media/upload', { bodyLimit: jsonBytesMax }, async (request, reply) => {
    const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.upload });
    refuseUnknown(request.query, []);
    const { media, media_category } = await parseUpload(OneShot, request.body);
    return { data: view(uploads.add(account, media_category, media), uploads, nowMs()) };
  });

  app.post('/2/media/upload/initialize', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.uploadInitialize });
    refuseUnknown(request.query, []);
    const { media_type, total_bytes, media_category } = parseBody(Initialize, request.body);
    const upload = uploads.begin(account, { category: media_category, mimeType: media_type, totalBytes: total_bytes });
    return { data: view(upload, uploads, nowMs()) };
  });

  app.post<{ Params: { id: string } }>(
    '/2/media/upload/:id/append',
    { bodyLimit: jsonBytesMax },
    async (request, reply) => {
      const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.uploadAppend });
      refuseUnknown(request.query, []);
      const upload = uploads.require(account, request.params.id);
      const { media, segment_index } = await parseUpload(Append, request.body);
      if (media.bytes > segmentBytesMax) throw faulty('media', `a segment may have up to ${segmentBytesMax} bytes`);
      // Read again: another segment may have come while this one was read.
      uploads.append(uploads.require(account, upload.id), segment_index, media);
      return { data: { expires_at: Math.floor((context.sandbox.clock.wallMs() + uploadLifeSeconds * 1000) / 1000) } };
    },
  );

  app.post<{ Params: { id: string } }>('/2/media/upload/:id/finalize', async (request, reply) => {
    const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.uploadFinalize });
    refuseUnknown(request.query, []);
    const upload = await uploads.finalize(uploads.require(account, request.params.id));
    return { data: view(upload, uploads, nowMs()) };
  });

  app.get('/2/media/upload', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.uploadStatus });
    refuseUnknown(request.query, Object.keys(StatusQuery.shape));
    const { media_id } = parseQuery(StatusQuery, request.query);
    return { data: view(uploads.require(account, media_id), uploads, nowMs()) };
  });

  app.post('/2/media/metadata', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes, limit: tweetLimits.mediaMetadata });
    refuseUnknown(request.query, []);
    const { id, metadata } = parseBody(Metadata, request.body);
    const { alt_text: alt } = metadata ?? {};
    if (alt !== undefined) uploads.describe(uploads.require(account, id), alt.text);
    return { data: { id, associated_metadata: metadata ?? {} } };
  });
}

function view(upload: Upload, uploads: Uploads, nowMs: number) {
  const { id, key, file, category, mimeType } = upload;
  const expires = { expires_after_secs: Math.max(0, Math.ceil((upload.expiresAtMs - nowMs) / 1000)) };
  if (file === null) return { id, media_key: key, ...expires };
  const common = { id, media_key: key, size: file.bytes, ...expires };
  if (category === 'tweet_image') return { ...common, image: { image_type: mimeType, w: file.width, h: file.height } };
  const processing_info = uploads.isReady(upload)
    ? { state: 'succeeded', progress_percent: 100 }
    : { state: 'pending', check_after_secs: 1, progress_percent: 0 };
  return { ...common, processing_info, video: { video_type: mimeType } };
}

/** @throws {RefusalError} 400 */
function parseBody<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new RefusalError(
    invalidRequest(
      parsed.error.issues.map(({ path, message }) => ({
        message: `[$.${path.join('.')}: ${message}]`,
        parameters: { [path.join('.') || '$']: [] },
      })),
    ),
  );
}

/** A form with the file as `media`, or JSON with the file in base64. @throws {RefusalError} 400 */
async function parseUpload<Value extends object>(
  schema: z.ZodType<Value>,
  body: unknown,
): Promise<Value & { media: ReceivedFile }> {
  if (body instanceof MultipartForm) {
    const media = body.file('media');
    if (media === undefined) throw faulty('media', 'is required');
    return { ...parseBody(schema, body.fields), media };
  }
  const { media, ...fields } = parseBody(z.looseObject({ media: z.base64() }), body);
  const value = parseBody(schema, fields);
  return { ...value, media: await receiveFile(once(Buffer.from(media, 'base64')), '') };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function faulty(parameter: string, message: string): RefusalError {
  return new RefusalError(
    invalidRequest([{ message: `[$.${parameter}: ${message}]`, parameters: { [parameter]: [] } }]),
  );
}

const MediaId = z.string().regex(/^[0-9]{1,19}$/);
const OneShot = z.strictObject({ media_category: z.enum(categoryNames), additional_owners: z.string().optional() });
const Append = z.strictObject({ segment_index: z.coerce.number().int().min(0).max(999) });
const Initialize = z.strictObject({
  media_type: z.string(),
  total_bytes: z.int().min(0),
  media_category: z.enum(categoryNames),
  additional_owners: z.array(MediaId).optional(),
  shared: z.boolean().optional(),
});
const StatusQuery = z.object({ command: z.literal('STATUS').optional(), media_id: MediaId });
const Metadata = z.strictObject({
  id: MediaId,
  metadata: z.looseObject({ alt_text: z.object({ text: z.string().max(altCharactersMax) }).optional() }).optional(),
});
