import { AsyncLocalStorage } from 'node:async_hooks';
import multipart from '@fastify/multipart';
import {
  Media,
  type MediaUploads,
  MediaUploads as MediaUploadsSchema,
  UploadFromUrl,
} from '@vibetribe/contracts/media';
import type { Actor } from '@vibetribe/core/actor';
import { DomainError } from '@vibetribe/core/domain-error';
import { beginTransfer, type Transfer } from '@vibetribe/core/media/begin-transfer';
import { filesPerUploadMax } from '@vibetribe/core/media/get-media-config';
import { mediaFault } from '@vibetribe/core/media/media-fault';
import { uploadFromUrl } from '@vibetribe/core/media/upload-from-url';
import { uploadMedia } from '@vibetribe/core/media/upload-media';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiServices } from '../../api-services.ts';
import { answerInTransaction } from '../../http/idempotency.ts';
import { problemOf } from '../../http/problem.ts';
import { refusalOf } from '../../http/problem-handler.ts';
import { type FileReceipt, receiveFiles, takeFiles } from '../../http/receive-files.ts';

type Services = Pick<
  ApiServices,
  'db' | 'clock' | 'logger' | 'media' | 'mediaUrls' | 'mediaQuotaBytes' | 'mediaFetcher' | 'isAllowedHost'
>;

/** A hundred megabytes over a slow line. */
export const transferTimeoutMs = 15 * 60_000;

/** The only routes with another body than JSON; the parser of multipart bodies is known to them alone. */
export const mediaUploadRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  // A file that is too large is told in its receipt.
  await app.register(multipart, { throwFileSizeLimit: false });
  const { media } = services;
  const outside = AsyncLocalStorage.snapshot();
  const begin = (actor: Actor): Transfer => {
    const transfer = beginTransfer(services, actor);
    // Outside of the request: its room is given back when it is over, too.
    return { ...transfer, [Symbol.asyncDispose]: () => outside(() => transfer[Symbol.asyncDispose]()) };
  };

  app.post(
    '/media/upload',
    {
      config: {
        access: 'media:write',
        idempotent: {},
        errors: ['quota_exceeded'],
        upload: { field: 'file', filesMax: 1 },
      },
      handlerTimeout: transferTimeoutMs,
      preHandler: receiveFiles({ field: 'file', filesMax: 1, media, beginTransfer: begin }),
      schema: {
        operationId: 'uploadMedia',
        tags: ['media'],
        summary: 'Upload one file',
        description: 'The file in the field `file`, its alternative text in `alt`.',
        consumes: ['multipart/form-data'],
        response: { 201: Media },
      },
    },
    async (request, reply) => {
      await using files = takeFiles(request);
      const [receipt] = files.receipts;
      if (receipt?.kind !== 'received') throw mediaFault(receipt?.refusal);
      reply.code(201);
      const { file, transfer } = receipt;
      const upload = { file, transfer, alt: files.alts[0] || null };
      return await uploadMedia(services, request.actor, upload, answerInTransaction(request, { status: 201 }));
    },
  );

  app.post(
    '/media/from-url',
    {
      config: {
        access: 'media:write',
        idempotent: {},
        errors: ['quota_exceeded', 'payload_too_large', 'unsupported_media_type', 'storage_full'],
      },
      schema: {
        operationId: 'uploadMediaFromUrl',
        tags: ['media'],
        summary: 'Fetch a file from an address and keep it',
        description: 'Within the time of a request; what is larger or slower has to be uploaded.',
        body: UploadFromUrl,
        response: { 201: Media },
      },
    },
    async (request, reply) => {
      await using transfer = begin(request.actor);
      reply.code(201);
      const upload = { ...request.body, transfer };
      return await uploadFromUrl(services, request.actor, upload, answerInTransaction(request, { status: 201 }));
    },
  );

  app.post(
    '/media/upload-multiple',
    {
      config: {
        access: 'media:write',
        idempotent: {},
        errors: ['quota_exceeded'],
        upload: { field: 'files', filesMax: filesPerUploadMax },
      },
      handlerTimeout: transferTimeoutMs,
      preHandler: receiveFiles({ field: 'files', filesMax: filesPerUploadMax, media, beginTransfer: begin }),
      schema: {
        operationId: 'uploadSeveralMedia',
        tags: ['media'],
        summary: 'Upload several files',
        description:
          'Up to 10 files, each in a field `files`; the n-th field `alt` is the alternative text of the n-th file. 201 where all were stored, 207 where `results` tells of some that were not.',
        consumes: ['multipart/form-data'],
        response: { 201: MediaUploadsSchema, 207: MediaUploadsSchema },
      },
    },
    async (request, reply) => {
      await using files = takeFiles(request);
      const results: MediaUploads['results'] = [];
      for (const [index, receipt] of files.receipts.entries()) {
        results.push({
          index,
          fileName: receipt.fileName,
          ...(await storeOne(services, request, receipt, files.alts[index] || null)),
        });
      }
      const items = results.flatMap(({ media }) => media ?? []);
      reply.code(items.length === results.length ? 201 : 207);
      return { items, results };
    },
  );
};

type Outcome = Pick<MediaUploads['results'][number], 'status' | 'media' | 'problem'>;

/** One file's fate; it does not touch the others'. */
async function storeOne(
  services: Services,
  request: FastifyRequest,
  receipt: FileReceipt,
  alt: string | null,
): Promise<Outcome> {
  try {
    if (receipt.kind === 'refused') throw mediaFault(receipt.refusal);
    const { file, transfer } = receipt;
    return { status: 201, media: await uploadMedia(services, request.actor, { file, transfer, alt }) };
  } catch (error) {
    const refusal = refusalOf(
      error instanceof Error
        ? error
        : new DomainError('internal', 'Something that is no error was thrown.', { cause: error }),
    );
    if (refusal.code === 'internal' || refusal.code === 'unavailable')
      request.log.error({ err: error }, 'a file could not be stored');
    const problem = problemOf(refusal, request.id);
    return { status: problem.status, problem };
  }
}
