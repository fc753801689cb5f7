import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SitePlace } from '../site.ts';
import { invalidRequest } from './answers.ts';
import { authorizationServerId } from './authorization-server.ts';
import { handleDomain } from './handle.ts';
import { spend } from './spend.ts';
import { parseInput } from './parse-input.ts';
import type { Sessions } from './sessions.ts';

export function serverRoutes(app: FastifyInstance, site: Site, place: SitePlace, sessions: Sessions): void {
  app.get('/xrpc/_health', () => ({ version: '0.4.5000' }));

  app.get('/xrpc/com.atproto.server.describeServer', (request, reply) => {
    spend(place, request, reply);
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
    resource: place.origin(),
    authorization_servers: [place.hostOf(authorizationServerId)],
    scopes_supported: [],
    bearer_methods_supported: ['header'],
    resource_documentation: 'https://atproto.com',
  }));

  app.get('/xrpc/com.atproto.identity.resolveHandle', (request, reply) => {
    spend(place, request, reply);
    const { handle } = parseInput(z.object({ handle: z.string() }), request.query);
    const account = place.sandbox.accounts.byHandle(site.id, handle);
    if (account === undefined) throw new RefusalError(invalidRequest('Unable to resolve handle'));
    return { did: account.id };
  });
}
