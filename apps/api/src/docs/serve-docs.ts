import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';

/** Paths of the routes that the docs plugin makes. */
export const docsPath = '/docs';

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#2b6cb0"/><path d="M4 5l4 7 4-7" fill="none" stroke="#fff" stroke-width="2"/></svg>',
)}`;

/** /openapi.json, and /docs, which asks no other host for anything. Register after the routes. */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
  await app.register(scalar, {
    routePrefix: docsPath,
    configuration: {
      url: '/openapi.json',
      pageTitle: 'VibeTribe API',
      favicon: icon,
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
}
