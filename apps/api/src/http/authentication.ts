import type { Authenticator } from '@vibetribe/core/identity/authenticate';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import { requireRight, type Right } from '@vibetribe/core/identity/authorize';
import { DomainError } from '@vibetribe/core/domain-error';
import { isLoopback } from '@vibetribe/observability/loopback';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { addressKey } from './address-key.ts';
import { requireOwnPage, sessionCookieOf } from './session-cookie.ts';
import type { RequestLimiter } from './api-rate-limit.ts';

/** Who may call a route: anyone, those who hold a right, or operators (the loopback address, or the right `service:observe`). */
export type Access = 'public' | 'operator' | Right;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** A public route that no rate limit counts. */
    isUncounted?: true;
  }
  interface FastifyRequest {
    /** Whom the request acts for. Throws on public routes, which have nobody. */
    readonly actor: AuthenticatedActor;
  }
}

const actors = new WeakMap<FastifyRequest, AuthenticatedActor>();

/**
 * Nothing is open by default: a route that does not say who may call it stops the boot. Register before everything that makes
 * routes.
 * @param pluginRoutes paths (with those below them) of routes that plugins make and that cannot say it themselves
 */
export function requireAccess(app: FastifyInstance, pluginRoutes: Readonly<Record<string, Access>>): void {
  app.addHook('onRoute', (route) => {
    const access = route.config?.access ?? pluginAccess(route, pluginRoutes);
    if (access === undefined) {
      throw new Error(
        `the route ${[route.method].flat().join('|')} ${route.url} does not say who may call it (config.access)`,
      );
    }
    route.config = { ...route.config, access };
  });
}

interface Guard {
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'authenticateCookie'>;
  readonly limiter: RequestLimiter;
  /** Whether a caller on this machine counts as an operator. */
  readonly trustsLoopback: boolean;
  /** Origin of the API as browsers see it. */
  readonly publicUrl: () => string;
}

/** Callers are known, counted and allowed in before any other work is done for them. */
export function authenticateRequests(app: FastifyInstance, guard: Guard): void {
  app.decorateRequest('actor', { getter: actorOf });
  app.addHook('onRequest', async (request, reply) => {
    // An unknown path has no route and so no access; its handler answers 404 or 405 and reads nothing.
    if (request.is404) return guard.limiter.count(addressOf(request), reply);
    await admit(request, reply, guard);
  });
}

async function admit(request: FastifyRequest, reply: FastifyReply, guard: Guard): Promise<void> {
  const { limiter, trustsLoopback } = guard;
  const { access, isUncounted } = request.routeOptions.config;
  if (access === undefined) throw new Error(`the route ${request.routeOptions.url} was added behind the guard`);
  if (access === 'operator' && trustsLoopback && isLoopback(request)) return;
  if (access === 'public') return isUncounted ? undefined : limiter.count(addressOf(request), reply);
  const actor = await identify(request, reply, guard);
  await limiter.count(actor.principal, reply);
  requireRight(actor, access === 'operator' ? 'service:observe' : access);
  actors.set(request, actor);
}

async function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  { authenticator, limiter, publicUrl }: Guard,
): Promise<AuthenticatedActor> {
  const bearer = bearerOf(request);
  const cookie = sessionCookieOf(request);
  try {
    if (bearer === undefined && cookie !== undefined && request.headers.authorization === undefined) {
      requireOwnPage(request, publicUrl());
      return await authenticator.authenticateCookie(cookie);
    }
    if (bearer === undefined)
      throw new DomainError('unauthenticated', 'Send an access token or an API key: Authorization: Bearer ...');
    return await authenticator.authenticate(bearer);
  } catch (error) {
    if (error instanceof DomainError) await limiter.count(addressOf(request), reply);
    throw error;
  }
}

/** What came as `Authorization: Bearer ...`, on public routes too. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return /^bearer +([\x21-\x7e]{1,4096})$/i.exec(headers.authorization ?? '')?.[1];
}

/** In whose name it changes something; null on public routes. */
export function principalOf(request: FastifyRequest | undefined): string | null {
  return (request === undefined ? undefined : actors.get(request))?.principal ?? null;
}

/** Whose organization it acts in; null on public routes. */
export function organizationOf(request: FastifyRequest): string | null {
  return actors.get(request)?.organizationId ?? null;
}

/** Whom a request without credentials is counted as. */
function addressOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return `ip:${addressKey(ip)}`;
}

function actorOf(this: FastifyRequest): AuthenticatedActor {
  const actor = actors.get(this);
  if (actor === undefined) throw new Error('a public route has no actor');
  return actor;
}

function pluginAccess(route: RouteOptions, pluginRoutes: Readonly<Record<string, Access>>): Access | undefined {
  const found = Object.keys(pluginRoutes).find((path) => route.url === path || route.url.startsWith(`${path}/`));
  return found === undefined ? undefined : pluginRoutes[found];
}
