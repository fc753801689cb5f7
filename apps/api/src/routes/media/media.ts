import { Media, MediaConfig, MediaStats, OptimizedUrl, OptimizeUrl, UpdateMedia } from '@vibetribe/contracts/media';
import { MediaKind } from '@vibetribe/media-rules/media-facts';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { deleteMedia } from '@vibetribe/core/media/delete-media';
import { listMedia } from '@vibetribe/core/media/list-media';
import { getMediaConfig } from '@vibetribe/core/media/get-media-config';
import { getMediaStats } from '@vibetribe/core/media/get-media-stats';
import { optimizeUrl } from '@vibetribe/core/media/optimize-url';
import { updateMedia } from '@vibetribe/core/media/update-media';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor, CursorId, CursorTime } from '../../http/cursor.ts';
import { mediaFileRoute } from './media-file.ts';
import { mediaUploadRoutes } from './media-uploads.ts';

type Services = Pick<
  ApiServices,
  'db' | 'clock' | 'logger' | 'media' | 'mediaUrls' | 'mediaQuotaBytes' | 'mediaFetcher' | 'isAllowedHost'
>;

const Cursor = z.strictObject({ createdAt: CursorTime, id: CursorId });

const Query = PageQuery.extend({ type: MediaKind.optional() });

export const mediaRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  await app.register(mediaUploadRoutes, { services });
  await app.register(mediaFileRoute, { services });

  app.get(
    '/media',
    {
      config: { access: 'media:read' },
      schema: {
        operationId: 'listMedia',
        summary: 'List media',
        tags: ['media'],
        querystring: Query,
        response: { 200: pageOf(Media) },
      },
    },
    async (request) => {
      const { limit, cursor, type } = request.query;
      const { items, next } = await listMedia(services, request.actor, {
        limit,
        after: decodeCursor(Cursor, cursor),
        type,
      });
      return { items, nextCursor: next === null ? null : encodeCursor(next) };
    },
  );

  app.get(
    '/media/stats',
    {
      config: { access: 'media:read' },
      schema: {
        operationId: 'getMediaStats',
        summary: 'Count media and their bytes',
        tags: ['media'],
        response: { 200: MediaStats },
      },
    },
    async (request) => getMediaStats(services, request.actor),
  );

  app.get(
    '/media/config',
    {
      config: { access: 'media:read' },
      schema: {
        operationId: 'getMediaConfig',
        summary: 'Read what may be uploaded',
        tags: ['media'],
        response: { 200: MediaConfig },
      },
    },
    async (request) => getMediaConfig(services, request.actor),
  );

  app.post(
    '/media/optimize-url',
    {
      config: { access: 'media:read', errors: ['not_found'] },
      schema: {
        operationId: 'optimizeUrl',
        summary: 'Get the address of an optimized copy',
        tags: ['media'],
        body: OptimizeUrl,
        response: { 200: OptimizedUrl },
      },
    },
    async (request) => optimizeUrl(services, request.actor, request.body),
  );

  app.patch(
    '/media/:id',
    {
      config: { access: 'media:write' },
      schema: {
        operationId: 'updateMedia',
        summary: 'Change a file’s alternative text',
        tags: ['media'],
        params: z.object({ id: z.string().max(200) }),
        body: UpdateMedia,
        response: { 200: Media },
      },
    },
    async (request) => updateMedia(services, request.actor, { id: request.params.id, change: request.body }),
  );

  app.delete(
    '/media/:publicId',
    {
      config: { access: 'media:write', errors: ['conflict'] },
      schema: {
        operationId: 'deleteMedia',
        summary: 'Delete a file that no post needs',
        tags: ['media'],
        params: z.object({ publicId: z.string().max(200) }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await deleteMedia(services, request.actor, request.params);
      return reply.code(204).send();
    },
  );
};
