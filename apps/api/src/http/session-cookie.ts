import { DomainError } from '@vibetribe/core/domain-error';
import { tokenLifeDays } from '@vibetribe/core/identity/open-session';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Browsers take a cookie of this name from HTTPS or this machine alone, for this host and no other. */
const cookieName = '__Host-vibetribe';
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';
const requestedWith = 'vibetribe';

export function setSessionCookie(reply: FastifyReply, cookie: string): void {
  void reply.header('set-cookie', `${cookieName}=${cookie}; ${attributes}; Max-Age=${tokenLifeDays * 86_400}`);
}

export function clearSessionCookie(reply: FastifyReply): void {
  void reply.header('set-cookie', `${cookieName}=; ${attributes}; Max-Age=0`);
}

export function sessionCookieOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2);
    if (name === cookieName && /^[\w-]{1,200}$/.test(value)) return value;
  }
  return undefined;
}

/**
 * A browser sends a cookie whatever page asks it to. So what comes with one has to carry a header that a form or an image cannot, and an
 * `Origin` that is this one; where nothing is changed, browsers leave `Origin` out.
 * @throws DomainError `foreign_page`
 */
export function requireOwnPage(request: FastifyRequest, publicUrl: string): void {
  if (request.headers['x-requested-with'] !== requestedWith)
    throw new DomainError('foreign_page', `Send the header X-Requested-With: ${requestedWith} along with the cookie.`);
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (!isSafe && request.headers.origin === undefined)
    throw new DomainError('foreign_page', 'Send the Origin of the page along with the cookie.');
  refuseForeignOrigin(request, publicUrl);
}

/** @throws DomainError `foreign_page` */
export function refuseForeignOrigin({ headers, protocol, host }: FastifyRequest, publicUrl: string): void {
  const site = headers['sec-fetch-site'];
  const isElsewhere = site !== undefined && site !== 'same-origin' && site !== 'none';
  const { origin } = headers;
  const own = [new URL(publicUrl).origin, `${protocol}://${host}`];
  if (isElsewhere || (origin !== undefined && !own.includes(origin)))
    throw new DomainError('foreign_page', 'The page that asks has another origin.');
}
