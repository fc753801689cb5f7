import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { SitePlace } from '../site.ts';
import type { Account } from '../world/accounts.ts';
import type { Limit } from '../world/rate-limits.ts';
import { rateLimited, rateLimitHeaders, unauthorized } from './answers.ts';
import { discordLimits } from './limits.ts';

/** `Authorization: Bot <token>`. */
export function botToken(authorization: string | undefined): string | undefined {
  return /^Bot (\S+)$/.exec(authorization ?? '')?.[1];
}

/**
 * Lets a request of a bot in, within the limits of the bot and the route. Sets the route's headers.
 * @returns the channel that the bot belongs to
 * @throws {RefusalError} 401 or 429
 */
export function admit(
  { site, platform, world }: SitePlace,
  request: FastifyRequest,
  reply: FastifyReply,
  limit: Limit,
): Account {
  const found = world.grants.look(site, botToken(request.headers.authorization) ?? '', world.clock.nowMs());
  const channel = found.state === 'valid' ? world.accounts.byId(site, found.grant.account ?? '') : undefined;
  if (channel === undefined) throw new RefusalError(unauthorized());
  const nowMs = world.clock.wallMs();
  const [global, route] = world.limits.draw(
    platform,
    [discordLimits.global, limit].map((each) => ({ limit: each, subject: channel.id })),
  );
  if (global?.exceeded === true) throw new RefusalError(rateLimited(global, nowMs, true));
  if (route?.exceeded === true) throw new RefusalError(rateLimited(route, nowMs, false));
  if (route !== undefined) reply.headers(rateLimitHeaders(route, nowMs));
  return channel;
}
