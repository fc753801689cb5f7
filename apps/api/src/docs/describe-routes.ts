import { errorCodes } from '@vibetribe/contracts/error-code';
import swagger from '@fastify/swagger';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { describeOperation } from './describe-operation.ts';
import { nameSchemas } from './named-schemas.ts';
import { tidyComponents } from './tidy-components.ts';

const description = [
  'Schedules and publishes posts to social platforms: never lost, never twice, and explained.',
  '',
  'Send `Authorization: Bearer <access token or API key>`. Errors are `application/problem+json`; `code` is one of:',
  '',
  ...Object.entries(errorCodes).map(([code, { status, title }]) => `- \`${code}\` (${status}): ${title}`),
].join('\n');

const versionPrefix = '/api/v1';
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Collects the routes registered after it into an OpenAPI 3.1 document. @param publicUrl the API's address as clients see it */
export async function describeRoutes(
  app: FastifyInstance,
  { publicUrl }: { readonly publicUrl: () => string },
): Promise<void> {
  nameSchemas();
  const configs = new Map<string, FastifyContextConfig>();
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const name of [method].flat()) configs.set(routeKey(name, pathOf(url)), config ?? {});
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'VibeTribe',
        version: '1',
        description,
        license: { name: 'AGPL-3.0-only', identifier: 'AGPL-3.0-only' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An access token from signing in, or an API key.' },
        },
      },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      const whole = jsonSchemaTransformObject(document) as Partial<OpenAPIV3_1.Document>;
      return tidyComponents({
        ...whole,
        servers: [{ url: publicUrl() }],
        paths: describePaths(whole.paths ?? {}, configs),
      }) as ReturnType<typeof jsonSchemaTransformObject>;
    },
  });
}

function describePaths(
  paths: OpenAPIV3_1.PathsObject,
  configs: ReadonlyMap<string, FastifyContextConfig>,
): OpenAPIV3_1.PathsObject {
  return Object.fromEntries(
    Object.entries(paths).flatMap(([path, item]) => {
      // What stands at the root and below the version is documented once.
      if (`${versionPrefix}${path}` in paths) return [];
      const operations = methods.flatMap((method) => {
        const operation = item?.[method];
        const config = configs.get(routeKey(method, path)) ?? {};
        return operation === undefined ? [] : [[method, describeOperation(method, operation, config)] as const];
      });
      return [[path, { ...item, ...Object.fromEntries(operations) }]];
    }),
  );
}

function routeKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path}`;
}

/** A route's address as OpenAPI writes it: `/posts/{id}`. */
function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}');
}
