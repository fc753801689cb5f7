import { Notification } from '@vibetribe/contracts/notification';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { listNotifications } from '@vibetribe/core/notifications/list-notifications';
import { readNotification } from '@vibetribe/core/notifications/read-notification';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor, CursorId, CursorTime } from '../../http/cursor.ts';

const Cursor = z.strictObject({ createdAt: CursorTime, id: CursorId });

const Query = PageQuery.extend({ unread: z.enum(['true', 'false']).optional() });

export const notificationRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'db'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/notifications',
    {
      config: { access: 'notifications:read' },
      schema: {
        operationId: 'listNotifications',
        summary: 'List notifications, newest first',
        tags: ['notifications'],
        querystring: Query,
        response: { 200: pageOf(Notification) },
      },
    },
    async (request) => {
      const { limit, cursor, unread } = request.query;
      const after = decodeCursor(Cursor, cursor);
      const { items, next } = await listNotifications(services, request.actor, {
        limit,
        after,
        unreadOnly: unread === 'true',
      });
      return { items, nextCursor: next === null ? null : encodeCursor(next) };
    },
  );

  app.post(
    '/notifications/:id/read',
    {
      config: { access: 'notifications:mark' },
      schema: {
        operationId: 'readNotification',
        summary: 'Mark a notification as read',
        tags: ['notifications'],
        params: z.object({ id: z.string() }),
        response: { 200: Notification },
      },
    },
    async (request) => readNotification(services, request.actor, { notificationId: request.params.id }),
  );
};
