import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import { isThere } from './posts-since.ts';

interface ReadRequest {
  readonly method: 'GET';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly effect: 'read';
  readonly answer: z.ZodType;
}

/**
 * Whether a post of which the Graph API says that it does not exist is there all the same: 100/33 is said of what the application may not
 * touch, too. Where not even the account's own posts may be listed, nobody can tell.
 * @param list path of the account's own posts
 * @throws PlatformError what keeps the list from being read
 */
export async function isKept(
  postId: string,
  list: string,
  ask: (request: ReadRequest) => Promise<unknown>,
): Promise<boolean> {
  const read = { method: 'GET', effect: 'read', answer: z.unknown() } as const;
  const path = `/${encodeURIComponent(postId)}`;
  if (await isThere(() => ask({ ...read, path, query: { fields: 'id' } }))) return true;
  try {
    await ask({ ...read, path: list, query: { fields: 'id', limit: '1' } });
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'content')) throw error;
  }
  return false;
}
