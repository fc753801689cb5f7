import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { Site, SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { findAccount } from '../state/connect-account.ts';
import { wrongPassword } from './answers.ts';
import { didDocument } from './did-document.ts';
import { sessionLimits } from './limits.ts';
import { spend } from './spend.ts';
import { parseInput } from './parse-input.ts';
import type { Sessions } from './sessions.ts';

export function sessionRoutes(app: FastifyInstance, site: Site, context: SiteContext, sessions: Sessions): void {
  const { sandbox } = context;

  app.post('/xrpc/com.atproto.server.createSession', (request, reply) => {
    const { identifier, password } = parseInput(
      z.object({ identifier: z.string(), password: z.string() }),
      request.body,
    );
    const account = findAccount(site, sandbox, identifier);
    const subject = account?.id ?? identifier;
    spend(
      context,
      request,
      reply,
      Object.values(sessionLimits).map((limit) => ({ limit, subject })),
    );
    const found = sandbox.grants.look(site.id, password, sandbox.clock.nowMs());
    if (
      account === undefined ||
      found.state !== 'valid' ||
      found.token.use !== 'password' ||
      found.grant.account !== account.id
    ) {
      throw new RefusalError(wrongPassword());
    }
    return { ...sessions.create(found.grant), ...profile(account) };
  });

  app.post('/xrpc/com.atproto.server.refreshSession', (request, reply) => {
    spend(context, request, reply);
    const session = sessions.require(request.headers.authorization, 'refresh');
    return { ...sessions.refresh(session), ...profile(session.account) };
  });

  app.post('/xrpc/com.atproto.server.deleteSession', (request, reply) => {
    spend(context, request, reply);
    const { token } = sessions.require(request.headers.authorization, 'refresh');
    sandbox.store.commit([sandbox.grants.drop(token.value)]);
    return reply.code(200).send();
  });

  app.get('/xrpc/com.atproto.server.getSession', (request, reply) => {
    spend(context, request, reply);
    const { account } = sessions.require(request.headers.authorization, 'access');
    return profile(account);
  });

  const profile = (account: Account) => ({
    did: account.id,
    handle: account.handle,
    didDoc: didDocument(account, context.origin()),
    active: true,
  });
}
