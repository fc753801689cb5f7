import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Limit } from '../state/rate-limits.ts';
import { apiError, invalidToken, mastodonAnswers, rateLimitHeaders } from './answers.ts';
import { statusLimits } from './limits.ts';

export type MastodonUser = { account: Account; client: string; scopes: readonly string[] };

/**
 * Lets a request of a user in: a living token with one of the scopes, within the limits. Sets their headers.
 * @throws {RefusalError} 401, 403, 422 or 429
 */
export function admit(
  context: SiteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  needs: { anyScope: readonly string[]; limit?: Limit },
): MastodonUser {
  const user = readToken(context, request);
  if (user === undefined) throw new RefusalError(invalidToken());
  if (!needs.anyScope.some((scope) => user.scopes.includes(scope))) {
    throw new RefusalError(apiError(403, 'This action is outside the authorized scopes'));
  }
  const { account } = user;
  if (account === undefined) throw new RefusalError(apiError(422, 'This method requires an authenticated user'));
  countRequest(context, reply, account, needs.limit);
  return { ...user, account };
}

/**
 * The user of a public route, if the request shows a token at all.
 * @throws {RefusalError} 401 for a dead token, 429
 */
export function admitAnyone(context: SiteContext, request: FastifyRequest, reply: FastifyReply): Account | undefined {
  const account = readToken(context, request)?.account;
  if (account !== undefined) countRequest(context, reply, account);
  return account;
}

/** The application behind a token, a user's or its own. @throws {RefusalError} 401 */
export function clientOf(context: SiteContext, request: FastifyRequest): string {
  const token = readToken(context, request);
  if (token === undefined) throw new RefusalError(invalidToken());
  return token.client;
}

function readToken({ site, sandbox }: SiteContext, request: FastifyRequest) {
  const value = bearerToken(request.headers.authorization);
  if (value === undefined) return undefined;
  const found = sandbox.grants.look(site, value, sandbox.clock.nowMs());
  if (found.state === 'unknown') throw new RefusalError(invalidToken());
  if (found.state === 'revoked') throw new RefusalError(mastodonAnswers.tokenRevoked(undefined));
  if (found.state === 'expired') throw new RefusalError(mastodonAnswers.tokenExpired());
  const account = found.grant.account === null ? undefined : sandbox.accounts.byId(site, found.grant.account);
  return { account, client: found.grant.client, scopes: found.grant.scope.split(' ') };
}

function countRequest(
  { site, platform, sandbox }: SiteContext,
  reply: FastifyReply,
  account: Account,
  limit?: Limit,
): void {
  const subject = `${site}/${account.id}`;
  const limits = limit === undefined ? [statusLimits.api] : [statusLimits.api, limit];
  const states = sandbox.limits.draw(
    platform,
    limits.map((each) => ({ limit: each, subject })),
  );
  const tightest = states.reduce((least, state) => (state.remaining < least.remaining ? state : least));
  const exceeded = states.find((state) => state.exceeded);
  reply.headers(rateLimitHeaders(tightest));
  if (exceeded === undefined) return;
  const { max, resetAtMs } = exceeded;
  throw new RefusalError(mastodonAnswers.rateLimited({ max, resetAtMs, nowMs: sandbox.clock.wallMs() }));
}
