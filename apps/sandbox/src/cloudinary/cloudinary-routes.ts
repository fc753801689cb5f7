import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sandboxAccount } from './account.ts';
import { openAssetFolder, type AssetFolder } from './asset-folder.ts';
import { readUpload, type UploadBody } from './read-upload.ts';
import { isSigned, isSignedDelivery } from './signature.ts';

type CallParams = { cloud: string; kind: 'image' | 'video'; action: string };

/**
 * The part of Cloudinary that keeps uploads: https://cloudinary.com/documentation/image_upload_api_reference
 * Files are delivered as they were sent: transformations are signed and not carried out.
 */
export function cloudinaryRoutes(
  app: FastifyInstance,
  directory: string,
  onUnknownRoute: (method: string, path: string) => void,
): void {
  const assets = openAssetFolder(directory);
  // Every call is multipart, and reads its body by itself, so that a file goes to disk.
  app.addContentTypeParser('multipart/form-data', (_request, _body, done) => done(null));

  app.post<{ Params: CallParams }>(
    '/v1_1/:cloud/:kind(^image$|^video$)/:action(^upload$|^destroy$)',
    async (request, reply) => {
      const { cloud, kind, action } = request.params;
      if (cloud !== sandboxAccount.cloudName) return refuse(reply, 401, `cloud_name mismatch: ${cloud}`);
      const done = await (action === 'upload' ? upload(assets, kind, request) : destroy(assets, kind, request));
      return 'fault' in done ? refuse(reply, done.fault.status, done.fault.message) : done.answer;
    },
  );

  app.get<{ Params: { cloud: string } }>('/v1_1/:cloud/usage', async (request, reply) => {
    const { apiKey, apiSecret } = sandboxAccount;
    const expected = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return refuse(reply, 401, 'unknown api_key');
    return { plan: 'Free', storage: { usage: await assets.usedBytes() }, credits: { limit: 25 } };
  });

  app.get<{ Params: { cloud: string; kind: string; signature: string; '*': string } }>(
    '/:cloud/:kind(^image$|^video$)/upload/:signature(^s--.{8}--$)/*',
    async (request, reply) => deliver(assets, request.params, reply),
  );

  app.setNotFoundHandler((request, reply) => {
    onUnknownRoute(request.method, request.url.split('?', 1)[0] ?? request.url);
    return refuse(reply, 404, 'Resource not found');
  });
}

type CallFault = { status: number; message: string };
type CallAnswer = { fault: CallFault } | { answer: Record<string, unknown> };

/** Ends when nothing of a refused upload is left. */
async function upload(assets: AssetFolder, kind: 'image' | 'video', request: FastifyRequest): Promise<CallAnswer> {
  const part = assets.newPart();
  try {
    const body = await readUpload(request.raw, part);
    const fault = authFault(body.params) ?? fileFault(body);
    if (fault !== null) return { fault };
    const contentType = await typeOf(part, kind);
    if (contentType === null) return { fault: { status: 400, message: 'Invalid image file' } };
    const publicId = body.params['public_id'] ?? randomUUID();
    await assets.keep(part, { publicId, kind, bytes: body.bytes, contentType });
    const path = `/${sandboxAccount.cloudName}/${kind}/upload/v1/${publicId}`;
    const answer = { public_id: publicId, version: 1, resource_type: kind, type: 'upload', bytes: body.bytes };
    return { answer: { ...answer, url: path, secure_url: path } };
  } finally {
    await rm(part, { force: true });
  }
}

async function destroy(assets: AssetFolder, kind: string, request: FastifyRequest): Promise<CallAnswer> {
  const part = assets.newPart();
  const { params } = await readUpload(request.raw, part);
  await rm(part, { force: true });
  const fault = authFault(params);
  if (fault !== null) return { fault };
  return { answer: { result: (await assets.remove(kind, params['public_id'] ?? '')) ? 'ok' : 'not found' } };
}

function authFault(params: UploadBody['params']): CallFault | null {
  if (params['api_key'] !== sandboxAccount.apiKey)
    return { status: 401, message: `Invalid api_key ${params['api_key']}` };
  return isSigned(params, sandboxAccount.apiSecret)
    ? null
    : { status: 401, message: `Invalid Signature ${params['signature']}` };
}

function fileFault({ bytes, isWhole }: UploadBody): CallFault | null {
  if (bytes === 0) return { status: 400, message: 'Missing required parameter - file' };
  return isWhole ? null : { status: 400, message: 'File size too large. Maximum is 104857600' };
}

/** Null where a picture does not look like one. */
async function typeOf(path: string, kind: 'image' | 'video'): Promise<string | null> {
  if (kind === 'video') return 'video/mp4';
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(12), 0, 12, 0);
  const head = buffer.toString('latin1');
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('\x89PNG')) return 'image/png';
  if (head.startsWith('GIF8')) return 'image/gif';
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'image/webp' : null;
}

async function deliver(
  assets: AssetFolder,
  { cloud, kind, signature, '*': rest }: { cloud: string; kind: string; signature: string; '*': string },
  reply: FastifyReply,
): Promise<unknown> {
  const [, transformation = '', publicId = ''] = /^(?:(.*)\/)?v\d+\/(.*)$/.exec(rest) ?? [];
  const signed = transformation === '' ? publicId : `${transformation}/${publicId}`;
  const isOurs =
    cloud === sandboxAccount.cloudName && isSignedDelivery(signature.slice(3, 11), signed, sandboxAccount.apiSecret);
  const asset = isOurs ? await assets.find(kind, publicId) : null;
  if (asset === null) return refuse(reply, 404, 'Resource not found');
  return reply
    .headers({ 'content-type': asset.contentType, 'content-length': asset.bytes, 'x-content-type-options': 'nosniff' })
    .send(createReadStream(asset.path));
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send({ error: { message } });
}
