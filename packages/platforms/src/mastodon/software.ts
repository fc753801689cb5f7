import { z } from 'zod';
import { callPlatform } from '../http/call-platform.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { mastodonName } from './api.ts';
import { mastodonRefusal } from './errors.ts';

/** https://nodeinfo.diaspora.software/protocol, read 2026-11. */
const Links = z.object({ links: z.array(z.object({ rel: z.string(), href: z.string() })).max(100) });
const NodeInfo = z.object({ software: z.object({ name: z.string().regex(/^[\w.-]{1,50}$/u) }) });

/** What runs on an instance, in lower case; null where it does not say. Asked without the account's token, and of the instance alone. */
export async function readSoftware(place: { http: PlatformHttp; instance: string }): Promise<string | null> {
  try {
    const { links } = await read(place, `${place.instance}/.well-known/nodeinfo`, Links);
    const link = links.findLast(({ rel }) => rel.includes('/ns/schema/'));
    const address =
      link !== undefined && URL.canParse(link.href, place.instance) ? new URL(link.href, place.instance) : null;
    if (address?.origin !== place.instance) return null;
    return (await read(place, address.href, NodeInfo)).software.name.toLowerCase();
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

/** `4.2.0 (compatible; Ktistec 3.0)` names what only speaks Mastodon's API. */
export function softwareInVersion(version: string | undefined): string | null {
  return /\(compatible; ([\w.-]{1,50})/u.exec(version ?? '')?.[1]?.toLowerCase() ?? null;
}

function read<Answer>({ http }: { http: PlatformHttp }, url: string, answer: z.ZodType<Answer>): Promise<Answer> {
  const request = { method: 'GET', url } as const;
  return callPlatform({
    http,
    request,
    platformName: mastodonName,
    effect: 'read',
    answer,
    refusalOf: mastodonRefusal,
  });
}

/** Mastodon and those that keep its code for posting: a text stays as it was sent, and a key is known for an hour. */
const kindred = new Set(['mastodon', 'hometown', 'fedibird', 'kmyblue']);

/**
 * What is known of a server's habits. Pixelfed refuses a key that it has seen (its `ApiV1Controller`, read 2026-11); GoToSocial, Ktistec
 * and others look at no key; many write what they are sent anew.
 */
export function habitsOf(software: string | undefined): {
  readonly keepsText: boolean;
  readonly refusesKnownKey: boolean;
} {
  return { keepsText: kindred.has(software ?? ''), refusesKnownKey: software === 'pixelfed' };
}
