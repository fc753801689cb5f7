import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { callXrpc } from './api.ts';

const Resolved = z.object({ did: z.string().startsWith('did:') });

/** Whose a handle is, as the account's own server says; null where it is nobody's. */
export async function resolveHandle(http: PlatformHttp, service: string, handle: string): Promise<string | null> {
  try {
    const call = { http, service, method: 'GET', nsid: 'com.atproto.identity.resolveHandle', effect: 'read' } as const;
    const { did } = await callXrpc({ ...call, parameters: { handle }, answer: Resolved });
    return did;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'content' || error.kind === 'not_found')) return null;
    throw error;
  }
}
