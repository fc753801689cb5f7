import { NotificationPreferences, PutNotificationPreferences } from '@vibetribe/contracts/notification';
import { getPreferences, putPreferences } from '@vibetribe/core/notifications/preferences';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiServices } from '../../api-services.ts';

const tags = ['notifications'];

type Services = Pick<ApiServices, 'db' | 'keyRing' | 'isAllowedHost'>;

/** What whoever is signed in wants to be told of, where and when. */
export const notificationPreferenceRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/notification-preferences',
    {
      config: { access: 'self:use' },
      schema: {
        operationId: 'getNotificationPreferences',
        summary: 'Read what one is told in this organization, where and when',
        tags,
        response: { 200: NotificationPreferences },
      },
    },
    async (request) => getPreferences(services, request.actor),
  );

  app.put(
    '/notification-preferences',
    {
      config: { access: 'self:use' },
      schema: {
        operationId: 'putNotificationPreferences',
        summary: 'Choose what one is told in this organization, where and when',
        tags,
        body: PutNotificationPreferences,
        response: { 200: NotificationPreferences },
      },
    },
    async (request) => putPreferences(services, request.actor, request.body),
  );
};
