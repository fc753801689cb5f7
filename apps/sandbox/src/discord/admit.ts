import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Limit } from '../state/rate-limits.ts';
import { apiError, rateLimited, rateLimitHeaders, unauthorized } from './answers.ts';
import { discordLimits } from './limits.ts';

/** `Authorization: Bot <token>`. */
export function botToken(authorization: string | undefined): string | undefined {
  return /^Bot (\S+\.\S+)$/.exec(authorization ?? '')?.[1];
}

/** The token in the address of a webhook, which has no dots. */
export function webhookToken(url: string): string | undefined {
  return /\/api\/(?:v10\/)?webhooks\/\d{1,20}\/([\w-]+)/u.exec(url)?.[1];
}

/**
 * Lets a request of a bot in, within the limits of the bot and the route. Sets the route's headers.
 * @returns the channel that the bot belongs to
 * @throws {RefusalError} 401 or 429
 */
export function admit(context: SiteContext, request: FastifyRequest, reply: FastifyReply, limit: Limit): Account {
  const channel = channelOf(context, botToken(request.headers.authorization));
  if (channel === undefined) throw new RefusalError(unauthorized());
  return drawn(context, channel, reply, limit);
}

/** The same for whoever has a webhook's address. @throws {RefusalError} 401, 404 or 429 */
export function admitWebhook(
  context: SiteContext,
  webhook: { readonly id: string; readonly token: string },
  reply: FastifyReply,
  limit: Limit,
): Account {
  const channel = webhook.token.includes('.') ? undefined : channelOf(context, webhook.token);
  if (channel?.id === webhook.id) return drawn(context, channel, reply, limit);
  throw new RefusalError(
    context.sandbox.accounts.byId(context.site, webhook.id) === undefined
      ? apiError(404, 10_015, 'Unknown Webhook')
      : apiError(401, 50_027, 'Invalid Webhook Token'),
  );
}

function channelOf({ site, sandbox }: SiteContext, token: string | undefined): Account | undefined {
  const found = sandbox.grants.look(site, token ?? '', sandbox.clock.nowMs());
  return found.state === 'valid' ? sandbox.accounts.byId(site, found.grant.account ?? '') : undefined;
}

function drawn({ platform, sandbox }: SiteContext, channel: Account, reply: FastifyReply, limit: Limit): Account {
  const nowMs = sandbox.clock.wallMs();
  const [global, route] = sandbox.limits.draw(
    platform,
    [discordLimits.global, limit].map((each) => ({ limit: each, subject: channel.id })),
  );
  if (global?.exceeded === true) throw new RefusalError(rateLimited(global, nowMs, true));
  if (route?.exceeded === true) throw new RefusalError(rateLimited(route, nowMs, false));
  if (route !== undefined) reply.headers(rateLimitHeaders(route, nowMs));
  return channel;
}
