import {
  Account,
  ConnectManually,
  ConnectStarted,
  RefreshedAccount,
  StartConnect,
  TokenStats,
} from '@vibetribe/contracts/account';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { connectManually } from '@vibetribe/core/accounts/connect-manually';
import { disconnectAccount } from '@vibetribe/core/accounts/disconnect-account';
import { finishConnect } from '@vibetribe/core/accounts/finish-connect';
import { getAccount } from '@vibetribe/core/accounts/get-account';
import { listAccounts } from '@vibetribe/core/accounts/list-accounts';
import { refreshAccount } from '@vibetribe/core/accounts/refresh-account';
import { startConnect } from '@vibetribe/core/accounts/start-connect';
import { getTokenStats } from '@vibetribe/core/accounts/get-token-stats';
import { notFound } from '@vibetribe/core/domain-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../api-services.ts';
import { decodeCursor, encodeCursor, PlaceId } from '../http/cursor.ts';

const tags = ['accounts'];
const AccountParams = z.object({ id: z.string() });

/** What consent pages send back, in the terms of RFC 6749 and 9207; whatever else they add is left out. */
const CallbackQuery = z.object({
  state: z.string().max(200).optional(),
  code: z.string().max(4096).optional(),
  error: z.string().max(200).optional(),
  iss: z.string().max(2048).optional(),
});

export const accountRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.get(
    '/accounts',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'listAccounts',
        summary: 'List connected accounts',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(Account) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const page = await listAccounts(services, request.actor, { limit, afterId: decodeCursor(PlaceId, cursor) });
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

  app.post(
    '/accounts/connect',
    {
      config: { access: 'accounts:manage', errors: ['platform_rejected', 'platform_unavailable'] },
      schema: {
        operationId: 'startConnect',
        summary: 'Begin to connect an account through the platform’s consent page',
        tags,
        body: StartConnect,
        response: { 200: ConnectStarted },
      },
    },
    async (request) => startConnect(services, request.actor, request.body),
  );

  app.get(
    '/accounts/callback/:platform',
    {
      config: {
        access: 'public',
        writes: true,
        errors: ['oauth_state_invalid', 'platform_rejected', 'platform_unavailable'],
      },
      schema: {
        operationId: 'finishConnect',
        summary: 'Where the consent page sends the browser back to',
        tags,
        params: z.object({ platform: z.string() }),
        querystring: CallbackQuery,
        response: { 200: z.object({ account: Account }), 302: z.undefined() },
      },
    },
    async (request, reply) => {
      const platform = PlatformId.safeParse(request.params.platform);
      if (!platform.success) throw notFound('platform');
      reply.header('cache-control', 'no-store');
      const answer = await finishConnect(services, { platform: platform.data, ...request.query });
      if (answer.kind === 'redirect') return reply.redirect(answer.url, 302);
      return { account: answer.account };
    },
  );

  app.post(
    '/accounts/manual',
    {
      config: { access: 'accounts:manage', idempotent: {}, errors: ['platform_rejected', 'platform_unavailable'] },
      schema: {
        operationId: 'connectManually',
        summary: 'Connect an account with credentials',
        tags,
        body: ConnectManually,
        response: { 201: Account },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return connectManually(services, request.actor, request.body);
    },
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
