import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sandboxAccount } from './account.ts';
import { readFacts } from './asset-facts.ts';
import { type Asset, type AssetFolder, openAssetFolder } from './asset-folder.ts';
import { chunkBytesMin, type ChunkedUploads, createChunkedUploads, rangeIn } from './chunked-uploads.ts';
import { bringFile, fileBytesMax, readUpload, type UploadBody } from './read-upload.ts';
import { isSigned, isSignedDelivery } from './signature.ts';
import { md5Of, publicIdOf, uploadAnswer } from './upload-answer.ts';

type Kind = Asset['kind'];
type CallParams = { cloud: string; kind: Kind | 'auto'; action: string };

/**
 * The part of Cloudinary that keeps uploads: https://cloudinary.com/documentation/image_upload_api_reference
 * Files are delivered as they were sent: transformations are not carried out.
 */
export function cloudinaryRoutes(
  app: FastifyInstance,
  directory: string,
  onUnknownRoute: (method: string, path: string) => void,
): void {
  const assets = openAssetFolder(directory);
  const chunks = createChunkedUploads(() => assets.newPart());
  // Every call is a form, and reads its body by itself, so that a file goes to disk.
  for (const type of ['multipart/form-data', 'application/x-www-form-urlencoded'])
    app.addContentTypeParser(type, (_request, _body, done) => done(null));

  app.post<{ Params: CallParams }>(
    '/v1_1/:cloud/:kind(^image$|^video$|^raw$|^auto$)/:action(^upload$|^destroy$)',
    async (request, reply) => {
      const { cloud, kind, action } = request.params;
      if (cloud !== sandboxAccount.cloudName) return refuse(reply, 401, `cloud_name mismatch: ${cloud}`);
      const done = await (action === 'upload' ? upload(assets, chunks, kind, request) : destroy(assets, kind, request));
      return 'fault' in done ? refuse(reply, done.fault.status, done.fault.message) : done.answer;
    },
  );

  app.get<{ Params: { cloud: string } }>('/v1_1/:cloud/usage', async (request, reply) => {
    const { apiKey, apiSecret } = sandboxAccount;
    const expected = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return refuse(reply, 401, 'unknown api_key');
    return { plan: 'Free', storage: { usage: await assets.usedBytes() }, credits: { limit: 25 } };
  });

  app.get<{ Params: { cloud: string; kind: Kind; '*': string } }>(
    '/:cloud/:kind(^image$|^video$|^raw$)/upload/*',
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
async function upload(
  assets: AssetFolder,
  chunks: ChunkedUploads,
  asked: Kind | 'auto',
  request: FastifyRequest,
): Promise<CallAnswer> {
  const part = assets.newPart();
  try {
    const body = await readUpload(request.raw, part);
    const fault = authFault(body.params);
    if (fault !== null) return { fault };
    if (!(await bringFile(body, part))) return refused(`Resource not found - ${body.params['file']?.slice(0, 200)}`);
    const faulty = fileFault(body);
    if (faulty !== null) return { fault: faulty };
    const range = request.headers['content-range'];
    if (range === undefined) return await keep(assets, asked, request, { ...body, path: part });
    return await addChunk({ assets, chunks, asked, request, body, part, given: range });
  } finally {
    await rm(part, { force: true });
  }
}

/** A piece of an upload; the last one to come is answered like an upload in one piece. */
async function addChunk(chunk: {
  assets: AssetFolder;
  chunks: ChunkedUploads;
  asked: Kind | 'auto';
  request: FastifyRequest;
  body: UploadBody;
  part: string;
  given: string;
}): Promise<CallAnswer> {
  const { assets, chunks, asked, request, body, part, given } = chunk;
  const range = rangeIn(given);
  const id = String(request.headers['x-unique-upload-id'] ?? '');
  if (id === '') return refused('Missing required header - X-Unique-Upload-Id');
  if (range === null || range.last - range.first + 1 !== body.bytes) return refused(`Invalid Content-Range: ${given}`);
  const isLast = range.total !== null && range.last + 1 === range.total;
  if (!isLast && body.bytes < chunkBytesMin) return refused('All parts except EOF-chunk must be larger than 5mb');
  if (Math.max(range.last + 1, range.total ?? 0) > fileBytesMax) {
    await chunks.drop(id);
    return refused(tooLarge);
  }
  const whole = await chunks.add(id, range, part);
  if (!whole.done) return { answer: { done: false, bytes: whole.bytes, public_id: body.params['public_id'] } };
  try {
    const kept = await keep(assets, asked, request, { ...body, ...whole });
    return 'fault' in kept ? kept : { answer: { ...kept.answer, done: true } };
  } finally {
    await rm(whole.path, { force: true });
  }
}

async function keep(
  assets: AssetFolder,
  asked: Kind | 'auto',
  request: FastifyRequest,
  { params, fileName, bytes, path }: Pick<UploadBody, 'params' | 'fileName' | 'bytes'> & { path: string },
): Promise<CallAnswer> {
  const facts = await readFacts(path, bytes);
  const kind = asked === 'auto' ? facts.kind : asked;
  if (kind === 'image' && facts.kind !== 'image') return refused('Invalid image file');
  if (kind === 'video' && facts.kind !== 'video') return refused('Unsupported video format or file');
  const publicId = publicIdOf(params, fileName, kind);
  const known =
    params['overwrite'] === 'false' || params['overwrite'] === '0' ? await assets.find(kind, publicId) : null;
  if (known !== null) return { answer: { ...known.answer, existing: true } };
  const etag = await md5Of(path);
  const origin = `${request.protocol}://${request.host}/cloudinary`;
  const answer = uploadAnswer({ params, fileName, publicId, kind, bytes, facts, etag, now: new Date(), origin });
  const { contentType } = kind === 'raw' ? { contentType: 'application/octet-stream' } : facts;
  await assets.keep(path, { publicId, kind, bytes, contentType, answer });
  return { answer };
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

const tooLarge = 'File size too large. Maximum is 104857600';

function fileFault({ bytes, isWhole }: UploadBody): CallFault | null {
  if (bytes === 0) return { status: 400, message: 'Missing required parameter - file' };
  return isWhole ? null : { status: 400, message: tooLarge };
}

function refused(message: string): CallAnswer {
  return { fault: { status: 400, message } };
}

/** Originals and what is made of them, with a signature or without: who uploads as `upload` lets anybody see them who knows the address. */
async function deliver(
  assets: AssetFolder,
  { cloud, kind, '*': rest }: { cloud: string; kind: Kind; '*': string },
  reply: FastifyReply,
): Promise<unknown> {
  const [, signature, path = ''] = /^(?:s--(.{8})--\/)?(.*)$/u.exec(rest) ?? [];
  const [, transformation = '', publicId = path] = /^(?:(.*)\/)?v\d+\/(.*)$/u.exec(path) ?? [];
  const signed = transformation === '' ? publicId : `${transformation}/${publicId}`;
  const isAllowed = signature === undefined || isSignedDelivery(signature, signed, sandboxAccount.apiSecret);
  if (cloud !== sandboxAccount.cloudName || !isAllowed) return refuse(reply, 404, 'Resource not found');
  const asset = (await assets.find(kind, publicId)) ?? (await assets.find(kind, publicId.replace(/\.[a-z\d]+$/iu, '')));
  if (asset === null) return refuse(reply, 404, 'Resource not found');
  return reply
    .headers({ 'content-type': asset.contentType, 'content-length': asset.bytes, 'x-content-type-options': 'nosniff' })
    .send(createReadStream(asset.path));
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send({ error: { message } });
}
