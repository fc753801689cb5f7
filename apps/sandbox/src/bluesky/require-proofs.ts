import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../answer.ts';
import { accessToken } from '../oauth/access-token.ts';
import type { SiteContext } from '../site.ts';
import { resourceRefusal } from './oauth-answers.ts';
import type { Proofs } from './oauth-proofs.ts';
import type { OAuthSessions } from './oauth-sessions.ts';

/** Refuses a token that is bound to a key and comes without a proof of that key, before the body is read. RFC 9449, 7. */
export function requireProofs(
  app: FastifyInstance,
  { site, sandbox }: SiteContext,
  proofs: Proofs,
  sessions: Pick<OAuthSessions, 'bindingOf'>,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const given = accessToken(request.headers.authorization);
    if (given?.scheme !== 'DPoP') return;
    proofs.announce(reply);
    const jkt = proofs.require(request, given.value);
    const found = sandbox.grants.look(site, given.value, sandbox.clock.nowMs());
    const bound = found.state === 'unknown' ? undefined : sessions.bindingOf(found.grant.id)?.jkt;
    if (bound !== jkt) throw new RefusalError(resourceRefusal('invalid_token', 'The token is not bound to this key'));
  });
}
