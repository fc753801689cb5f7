import { Account, AccountsQuery, RefreshedAccount, TokenStats } from '@vibetribe/contracts/account';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { disconnectAccount } from '@vibetribe/core/accounts/disconnect-account';
import { getAccount } from '@vibetribe/core/accounts/read/get-account';
import { listAccounts } from '@vibetribe/core/accounts/read/list-accounts';
import { refreshAccount } from '@vibetribe/core/accounts/tokens/refresh-account';
import { getTokenStats } from '@vibetribe/core/accounts/tokens/get-token-stats';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { decodeCursor, encodeCursor, CursorId } from '../../http/cursor.ts';

const tags = ['accounts'];
const AccountParams = z.object({ id: z.string() });

export const accountRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.get(
    '/accounts',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'listAccounts',
        summary: 'List connected accounts',
        tags,
        querystring: PageQuery.extend(AccountsQuery.shape),
        response: { 200: pageOf(Account) },
      },
    },
    async (request) => {
      const { cursor, ...query } = request.query;
      const page = await listAccounts(services, request.actor, { ...query, afterId: decodeCursor(CursorId, cursor) });
      const last = page.items.at(-1);
      return { items: page.items, nextCursor: page.hasMore && last !== undefined ? encodeCursor(last.id) : null };
    },
  );

  app.get(
    '/accounts/token-stats',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'getTokenStats',
        summary: 'Count tokens by how soon they expire',
        tags,
        response: { 200: TokenStats },
      },
    },
    async (request) => getTokenStats(services, request.actor),
  );

  app.get(
    '/accounts/:id',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'getAccount',
        summary: 'Read an account',
        tags,
        params: AccountParams,
        response: { 200: Account },
      },
    },
    async (request) => getAccount(services, request.actor, { accountId: request.params.id }),
  );

  app.post(
    '/accounts/:id/refresh',
    {
      config: { access: 'accounts:manage', errors: ['conflict', 'platform_rejected', 'platform_unavailable'] },
      schema: {
        operationId: 'refreshAccount',
        summary: 'Refresh an account’s token now, or tell why it was not',
        tags,
        params: AccountParams,
        response: { 200: RefreshedAccount },
      },
    },
    async (request) => refreshAccount(services, request.actor, { accountId: request.params.id }),
  );

  app.delete(
    '/accounts/:id',
    {
      config: { access: 'accounts:manage' },
      schema: {
        operationId: 'disconnectAccount',
        summary: 'Disconnect an account: revoke its grant and destroy its credentials',
        tags,
        params: AccountParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await disconnectAccount(services, request.actor, { accountId: request.params.id });
      return reply.code(204).send();
    },
  );
};
