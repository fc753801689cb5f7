import { pageOf } from '@vibetribe/contracts/page';
import { DoctorReport, Platform } from '@vibetribe/contracts/platform';
import { diagnosePlatform } from '@vibetribe/core/platforms/diagnose-platform';
import { createPlatformRules, listPlatforms } from '@vibetribe/core/platforms/list-platforms';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

type Services = Pick<
  ApiServices,
  | 'db'
  | 'caches'
  | 'adapters'
  | 'postsPerHour'
  | 'appPostsPerDay'
  | 'endpoints'
  | 'platformHttp'
  | 'clock'
  | 'publicUrl'
  | 'doctorAnswers'
>;

export const platformRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  const platformRules = createPlatformRules(services, services.caches);
  app.get(
    '/platforms',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'listPlatforms',
        summary: 'List platforms with their rules, limits and breaker states',
        tags: ['platforms'],
        response: { 200: pageOf(Platform) },
      },
    },
    async (request) => ({
      items: await listPlatforms({ ...services, platformRules }, request.actor),
      nextCursor: null,
    }),
  );

  app.get(
    '/platforms/:id/doctor',
    {
      config: { access: 'accounts:manage' },
      schema: {
        operationId: 'diagnosePlatform',
        summary: 'What this installation lacks for a platform, and what to do about it',
        tags: ['platforms'],
        params: z.object({ id: z.string() }),
        response: { 200: DoctorReport },
      },
    },
    async (request) => diagnosePlatform(services, request.actor, { platformId: request.params.id }),
  );
};
