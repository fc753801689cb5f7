import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import { invalidRequest } from './answers.ts';
import { authorizationServerId } from './authorization-server.ts';
import { handleDomain } from './handle.ts';
import { spend } from './spend.ts';
import { parseInput } from './parse-input.ts';
import type { Sessions } from './sessions.ts';

export function serverRoutes(app: FastifyInstance, site: Site, context: SiteContext, sessions: Sessions): void {
  app.get('/xrpc/_health', () => ({ version: '0.4.5000' }));

  app.get('/xrpc/com.atproto.server.describeServer', (request, reply) => {
    spend(context, request, reply);
    return {
      did: sessions.serviceDid(),
      availableUserDomains: [handleDomain],
      inviteCodeRequired: false,
      phoneVerificationRequired: false,
      links: {},
      contact: {},
    };
  });

  app.get('/.well-known/oauth-protected-resource', () => ({
    resource: context.origin(),
    authorization_servers: [context.hostOf(authorizationServerId)],
    scopes_supported: [],
    bearer_methods_supported: ['header'],
    resource_documentation: 'https://atproto.com',
  }));

  app.get('/xrpc/com.atproto.identity.resolveHandle', (request, reply) => {
    spend(context, request, reply);
    const { handle } = parseInput(z.object({ handle: z.string() }), request.query);
    const account = context.sandbox.accounts.byHandle(site.id, handle);
    if (account === undefined) throw new RefusalError(invalidRequest('Unable to resolve handle'));
    return { did: account.id };
  });
}
