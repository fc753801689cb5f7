import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { hostOf } from '../http/configured.ts';
import { serverOriginOf } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { blueskyName, callXrpc } from './api.ts';
import { blueskyRefusal } from './errors.ts';
import { isHandle } from './mentions.ts';

interface Place {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
}

/** None of these answers is long. */
const timeoutMs = 5_000;

/**
 * Whose a handle is, by the resolver or else by the handle's own address. It may be wrong: what a consent gives is held against the
 * directory, never against this. @throws PlatformError `content` where it is nobody's
 */
export async function didOfHandle(place: Place, given: string): Promise<string> {
  const handle = plainHandle(given);
  if (Did.safeParse(handle).success) return handle;
  if (!isHandle(handle)) throw unknownHandle('It is no handle such as ada.bsky.social');
  const resolver = hostOf(place.endpoints, 'resolver', blueskyName);
  const did = (await askResolver(place.http, resolver, handle)) ?? (await askOwnAddress(place, handle));
  if (did === null) throw unknownHandle(`${blueskyName} knows no account ${handle}`);
  return did;
}

/** The same by a server that the user named, which may know accounts that nobody else does; null where it knows none. */
export async function didAtServer(http: PlatformHttp, server: string, given: string): Promise<string | null> {
  const handle = plainHandle(given);
  if (Did.safeParse(handle).success) return handle;
  return isHandle(handle) ? askResolver(http, server, handle) : null;
}

export function plainHandle(given: string): string {
  return given.trim().replace(/^@/u, '').toLowerCase();
}

/** `did:plc` and `did:web` are the two that accounts have: https://atproto.com/specs/did#blessed-did-methods, read 2026-11. */
export const Did = z
  .string()
  .max(300)
  .regex(/^did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]+(?:%3A\d{1,5})?)$/u);

const DidDocument = z.object({
  id: z.string(),
  alsoKnownAs: z.array(z.string()).default([]).catch([]),
  service: z.array(z.object({ id: z.string(), serviceEndpoint: z.string().catch('') })),
});

/** Where an account lives, as its own document says: the origin of its server (PDS). */
export async function serverOfDid({ endpoints, http }: Place, did: string): Promise<string> {
  const directory = hostOf(endpoints, 'plc', blueskyName);
  const url = did.startsWith('did:web:')
    ? `https://${decodeURIComponent(did.slice('did:web:'.length))}/.well-known/did.json`
    : `${directory}/${did}`;
  const document = await callPlatform({
    http,
    platformName: `The directory of ${blueskyName}`,
    request: { method: 'GET', url, timeoutMs },
    effect: 'read',
    answer: DidDocument,
    refusalOf: blueskyRefusal,
  });
  const endpoint = document.service.find(({ id }) => id === '#atproto_pds' || id === `${did}#atproto_pds`);
  const origin = serverOriginOf(endpoint?.serviceEndpoint ?? '');
  if (document.id !== did || origin === null || endpoint?.serviceEndpoint === '')
    throw new PlatformError('content', 'The account has no server', { platformCode: 'service_missing' });
  // A directory that is asked without encryption is the sandbox's.
  if (!origin.startsWith('https://') && !directory.startsWith('http://'))
    throw new PlatformError('content', 'The server of the account is not encrypted', { platformCode: 'service_plain' });
  return origin;
}

async function askResolver(http: PlatformHttp, service: string, handle: string): Promise<string | null> {
  try {
    const { did } = await callXrpc({
      http,
      service,
      method: 'GET',
      nsid: 'com.atproto.identity.resolveHandle',
      parameters: { handle },
      effect: 'read',
      answer: z.object({ did: foreignId().pipe(Did) }),
    });
    return did;
  } catch (error) {
    return orNothing(error);
  }
}

/** https://atproto.com/specs/handle#handle-resolution, read 2026-11. */
async function askOwnAddress({ http }: Place, handle: string): Promise<string | null> {
  try {
    return await callPlatform({
      http,
      platformName: handle,
      request: { method: 'GET', url: `https://${handle}/.well-known/atproto-did`, timeoutMs },
      effect: 'read',
      answer: Did,
      read: ({ text }) => text.trim(),
      refusalOf: blueskyRefusal,
    });
  } catch (error) {
    return orNothing(error);
  }
}

function orNothing(error: unknown): null {
  if (error instanceof PlatformError) return null;
  throw error;
}

function unknownHandle(message: string): PlatformError {
  return new PlatformError('content', message, { platformCode: 'handle_unknown' });
}
