import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { ReceivedFile } from '../uploads/received-file.ts';
import { accessDenied, invalidInput, notFound } from './answers.ts';
import { type Asset, partBytes } from './assets.ts';
import type { LinkedInParts } from './parts.ts';

const kinds = { images: 'image', videos: 'video', documents: 'document' } as const;
const needed = { person: ['w_member_social'], organization: ['w_organization_social'] };
const uploadPath = '/dms-uploads';

/** Pictures, videos and documents: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api and its neighbours. */
export function assetRoutes(app: FastifyInstance, context: SiteContext, { admission, assets }: LinkedInParts): void {
  const { clock } = context.sandbox;
  const addressOf = ({ secret }: Asset, part?: number) =>
    `${context.origin()}${uploadPath}/${secret}${part === undefined ? '' : `/${part}`}`;

  app.post<{ Params: { collection: keyof typeof kinds } }>(
    '/rest/:collection(^images$|^videos$|^documents$)',
    async (request, reply) => {
      const caller = admission.versioned(request);
      const kind = kinds[request.params.collection];
      const { action } = z.object({ action: z.string().optional() }).parse(request.query);
      if (action === 'initializeUpload') {
        const asked = parse(Begin, request.body).initializeUploadRequest;
        const owner = caller.as(asked.owner, '/initializeUploadRequest/owner', needed);
        if (kind === 'video' && asked.fileSizeBytes === undefined)
          throw invalidInput('MISSING_FIELD', 'is required', '/initializeUploadRequest/fileSizeBytes');
        return { value: begun(assets.begin(owner.id, kind, asked.fileSizeBytes ?? 0)) };
      }
      if (action === 'finalizeUpload' && kind === 'video') {
        const { video, uploadedPartIds } = parse(Finish, request.body).finalizeUploadRequest;
        const asset = assets.get(video);
        if (asset === undefined) throw notFound(video);
        caller.as(asset.owner, '/finalizeUploadRequest/video', needed);
        await assets.finalize(asset, uploadedPartIds);
        return reply.code(200).send();
      }
      throw invalidInput('INVALID_ACTION', `There is no action ${action?.slice(0, 50)}`);
    },
  );

  function begun(asset: Asset) {
    const expiresAt = clock.toWallMs(asset.expiresAtMs);
    if (asset.kind !== 'video')
      return { uploadUrlExpiresAt: expiresAt, uploadUrl: addressOf(asset), [asset.kind]: asset.urn };
    const uploadInstructions = Array.from({ length: Math.ceil(asset.bytes / partBytes) }, (_, part) => ({
      uploadUrl: addressOf(asset, part),
      firstByte: part * partBytes,
      lastByte: Math.min((part + 1) * partBytes, asset.bytes) - 1,
    }));
    return { uploadUrlsExpireAt: expiresAt, video: asset.urn, uploadInstructions, uploadToken: '' };
  }

  /** Writing alone is not enough to read. */
  app.get<{ Params: { collection: keyof typeof kinds; urn: string } }>(
    '/rest/:collection(^images$|^videos$|^documents$)/:urn',
    (request) => {
      const caller = admission.versioned(request);
      const asset = assets.get(request.params.urn);
      if (asset === undefined) throw notFound(request.params.urn);
      const mayRead = caller.scopes.some((scope) => /^(?:r_member_social|[rw]_organization_social)$/u.test(scope));
      if (!mayRead) throw accessDenied(`partnerApi${request.params.collection}.GET`);
      return { owner: asset.owner, id: asset.urn, status: assets.statusOf(asset), downloadUrl: addressOf(asset) };
    },
  );

  app.put<{ Params: { secret: string } }>(`${uploadPath}/:secret`, (request, reply) => {
    const asset = known(request.params.secret);
    admission.member(request);
    if (asset.kind === 'video') throw invalidInput('INVALID_REQUEST', 'a video comes in parts');
    assets.receive(asset, fileOf(request.body));
    return created(reply, 201);
  });

  /** The address is the permission; a token has nothing to do here. */
  app.put<{ Params: { secret: string; part: string } }>(`${uploadPath}/:secret/:part(^\\d+$)`, (request, reply) => {
    const asset = known(request.params.secret);
    if (request.headers.authorization !== undefined)
      throw invalidInput('INVALID_HEADER', 'Authorization must not be sent with a part');
    return created(
      reply.header('etag', assets.receivePart(asset, Number(request.params.part), fileOf(request.body))),
      200,
    );
  });

  function known(secret: string): Asset {
    const asset = assets.uploading(secret);
    if (asset === undefined) throw invalidInput('EXPIRED_UPLOAD_URL', 'The upload address has expired');
    return asset;
  }
}

function created(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}

function fileOf(body: unknown): ReceivedFile {
  if (body instanceof ReceivedFile) return body;
  throw new RefusalError({ status: 400, body: 'A file is required' });
}

/** @throws {RefusalError} 400 */
export function parse<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = `/${issue?.path.map(String).join('/') ?? ''}`;
  throw invalidInput('INVALID_VALUE_FOR_FIELD', issue?.message ?? 'is not valid', path);
}

const Begin = z.strictObject({
  initializeUploadRequest: z.strictObject({
    owner: z.string(),
    fileSizeBytes: z.int().positive().optional(),
    uploadCaptions: z.boolean().optional(),
    uploadThumbnail: z.boolean().optional(),
  }),
});
const Finish = z.strictObject({
  finalizeUploadRequest: z.strictObject({
    video: z.string(),
    uploadToken: z.string(),
    uploadedPartIds: z.array(z.string()),
  }),
});
