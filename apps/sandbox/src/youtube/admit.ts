import type { FastifyRequest } from 'fastify';
import { insufficientScope, refuse, unauthenticated } from '../google/answers.ts';
import type { Together } from '../google/together.ts';
import type { Tokens } from '../google/tokens.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Limit } from '../state/rate-limits.ts';
import { unitsByApp } from './limits.ts';

export type YouTubeCaller = {
  /** The channel that a grant writes as: the first of those it opens. */
  channel: Account;
  opened: readonly Account[];
};

export type Admission = {
  /**
   * A living token with one of these scopes. Draws on the application's units, or on another of its buckets.
   * @throws {RefusalError} 401, 403
   */
  caller(request: FastifyRequest, needed: readonly Scope[], cost: { units: number } | { of: Limit }): YouTubeCaller;
};

export type Scope = 'upload' | 'manage' | 'comment' | 'read' | 'analytics';

const scopeNames: Readonly<Record<Scope, string>> = {
  upload: 'https://www.googleapis.com/auth/youtube.upload',
  manage: 'https://www.googleapis.com/auth/youtube',
  comment: 'https://www.googleapis.com/auth/youtube.force-ssl',
  read: 'https://www.googleapis.com/auth/youtube.readonly',
  analytics: 'https://www.googleapis.com/auth/yt-analytics.readonly',
};

export function createAdmission(
  { platform, site, sandbox }: SiteContext,
  tokens: Tokens,
  channels: Together,
): Admission {
  return {
    caller(request, needed, cost) {
      const found = tokens.look(bearerToken(request.headers.authorization) ?? '');
      if (found.state !== 'valid' || found.token.use !== 'access') throw refuse(unauthenticated);
      const scopes = found.grant.scope.split(' ');
      if (!needed.some((scope) => scopes.includes(scopeNames[scope]))) throw refuse(insufficientScope);
      const channel = sandbox.accounts.byId(site, found.grant.account ?? '');
      if (channel === undefined)
        throw refuse({ code: 401, message: 'Unauthorized', reason: 'youtubeSignupRequired', domain: 'youtube.header' });
      const draw = 'of' in cost ? { limit: cost.of, subject: 'app' } : drawOf(cost.units);
      const [state] = sandbox.limits.draw(platform, [draw]);
      if (state?.exceeded === true) throw refuse(quotaExceeded);
      return { channel, opened: channels.openedBy(channel.id) };
    },
  };
}

function drawOf(cost: number) {
  return { limit: unitsByApp, subject: 'app', cost };
}

const quotaExceeded = {
  code: 403,
  message: 'The request cannot be completed because you have exceeded your quota.',
  reason: 'quotaExceeded',
  domain: 'youtube.quota',
};
