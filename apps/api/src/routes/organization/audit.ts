import { AuditEntry } from '@vibetribe/contracts/audit';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { listAudit } from '@vibetribe/core/audit/list-audit';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor } from '../../http/cursor.ts';

const Cursor = z.int().min(1);

/** One log under two names. */
const routes = [
  { path: '/audit', operationId: 'listAudit' },
  { path: '/audit-log', operationId: 'listAuditLog' },
] as const;

export const auditRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'db'> }> = async (app, { services }) => {
  for (const { path, operationId } of routes) {
    app.get(
      path,
      {
        config: { access: 'audit:read' },
        schema: {
          operationId,
          summary: 'List who changed what, newest first',
          tags: ['audit'],
          querystring: PageQuery,
          response: { 200: pageOf(AuditEntry) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query;
        const beforeId = decodeCursor(Cursor, cursor);
        const { items, hasMore } = await listAudit(services, request.actor, { limit, beforeId });
        const last = items.at(-1);
        return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(Number(last.id)) : null };
      },
    );
  }
};
