import { errorCodes, Problem } from '@vibetribe/contracts/error-code';
import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemMediaType } from './problem.ts';

/** Paths of the routes that the docs plugin makes. */
export const docsPath = '/docs';

const description = [
  'Schedules and publishes posts to social platforms: never lost, never twice, and explained.',
  '',
  'Send `Authorization: Bearer <access token or API key>`. Errors are `application/problem+json`; `code` is one of:',
  '',
  ...Object.entries(errorCodes).map(([code, { status, title }]) => `- \`${code}\` (${status}): ${title}`),
].join('\n');

/** Collects the routes registered after it into /openapi.json, and shows them under /docs without asking any other host. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'VibeTribe', version: '1', description },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: describeRoute,
  });
}

/** Register after the routes. */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(scalar, {
    routePrefix: docsPath,
    configuration: { url: '/openapi.json', withDefaultFonts: false, telemetry: false },
  });
}

const problemResponse = {
  description: 'A problem document',
  content: { [problemMediaType]: { schema: z.toJSONSchema(Problem) } },
};

type Transform = typeof jsonSchemaTransform;

/** Every route may answer with a problem; the public ones need no credentials. */
function describeRoute(document: Parameters<Transform>[0]): ReturnType<Transform> {
  const described = jsonSchemaTransform(document);
  const { schema } = described;
  if (schema === undefined || schema.hide) return described;
  const security = document.route.config?.access === 'public' ? { security: [] } : {};
  const response = typeof schema.response === 'object' ? schema.response : {};
  return { ...described, schema: { ...schema, ...security, response: { ...response, default: problemResponse } } };
}
