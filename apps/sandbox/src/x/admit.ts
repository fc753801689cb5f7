import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Limit } from '../state/rate-limits.ts';
import { forbidden, rateLimitHeaders, unauthorized, xAnswers } from './answers.ts';
import { tweetLimits } from './limits.ts';

export type XUser = { account: Account; client: string };

/**
 * Lets a request in: a living access token, its scopes, the limits. Sets the rate-limit headers on the answer.
 * @throws {RefusalError} 401, 403 or 429
 */
export function admit(
  { site, platform, sandbox }: SiteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  needs: { scopes: readonly string[]; limit: Limit },
): XUser {
  const found = sandbox.grants.look(site, bearerToken(request.headers.authorization) ?? '', sandbox.clock.nowMs());
  if (found.state !== 'valid' || found.token.use !== 'access') throw new RefusalError(unauthorized());
  const account = sandbox.accounts.byId(site, found.grant.account ?? '');
  if (account === undefined) throw new RefusalError(unauthorized());
  const held = found.grant.scope.split(' ');
  if (!needs.scopes.every((scope) => held.includes(scope))) {
    throw new RefusalError(forbidden('You are not permitted to perform this action.'));
  }

  const byUser = { limit: needs.limit, subject: account.id };
  const byApp = { limit: tweetLimits.createByApp, subject: found.grant.client };
  const [user, app] = sandbox.limits.draw(platform, needs.limit === tweetLimits.create ? [byUser, byApp] : [byUser]);
  if (user !== undefined) reply.headers(rateLimitHeaders(user));
  if (app !== undefined) reply.headers(prefixed('x-app-limit-24hour', rateLimitHeaders(app)));
  const exceeded = [user, app].find((state) => state?.exceeded);
  if (exceeded !== undefined && user !== undefined) {
    const { headers: _same, ...answer } = xAnswers.rateLimited({
      max: user.max,
      resetAtMs: user.resetAtMs,
      nowMs: sandbox.clock.wallMs(),
    });
    throw new RefusalError(answer);
  }
  return { account, client: found.grant.client };
}

function prefixed(prefix: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace('x-rate-limit', prefix), value]),
  );
}
