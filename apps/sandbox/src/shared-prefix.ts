import type { IncomingMessage } from 'node:http';
import type { PlatformDefinition, Site } from './site.ts';

/** A site and where it is asked for. */
export type PlacedSite = { site: Site; prefix: string | null; claims: PlatformDefinition['claims'] };

/** Two platforms under one prefix: the one that claims requests stands at a path of its own inside, which nobody sees. */
export function mountPath({ site, prefix, claims }: PlacedSite): string {
  return claims === undefined ? (prefix ?? '') : `/~${site.id}${prefix ?? ''}`;
}

/** The path inside for a request, which is the path that was asked for unless a site claims it. */
export function ownPath(
  placed: readonly PlacedSite[],
  { method = 'GET', url = '/', headers }: IncomingMessage,
): string {
  for (const { site, prefix, claims } of placed) {
    if (claims === undefined || prefix === null || !url.startsWith(`${prefix}/`)) continue;
    const request = { method, path: url.slice(prefix.length), token: tokenIn(url, headers.authorization) };
    if (claims(request)) return `/~${site.id}${url}`;
  }
  return url;
}

function tokenIn(url: string, authorization: string | undefined): string | undefined {
  const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))).get('access_token') : null;
  return authorization?.split(' ').at(-1) ?? query ?? undefined;
}
