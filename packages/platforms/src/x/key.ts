import { z } from 'zod';
import type { KeySeed, PublishRun } from '../port/publish.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callX } from './api.ts';
import { newerX, nothingBefore, XPostId } from './post-id.ts';
import { listOf } from './timeline.ts';

/**
 * X takes no key: what is stored before the first send is the newest post that the account had by then. Ours is newer, whatever our
 * clocks say. `0`: there was none; null: X did not tell.
 */
export const XKey = z.object({ after: XPostId.nullable() });
export type XKey = z.infer<typeof XKey>;

/** A post seen longer ago than this may have been followed by others that are not ours. */
const freshMs = 10 * 60_000;
const readTimeoutMs = 5_000;

/** Asks X only where this process has not seen the account's newest post lately, and then for what is newer than the one it has seen. */
export async function keyBeforeSend(run: PublishRun, { lastPost }: Pick<KeySeed, 'lastPost'>): Promise<XKey> {
  const known = XPostId.safeParse(lastPost?.id).data ?? null;
  if (known !== null && lastPost !== null && lastPost.ageMs < freshMs) return { after: known };
  try {
    return { after: await readNewest(run, known) };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { after: null };
  }
}

const Listing = listOf(z.object({ id: XPostId }));

async function readNewest({ endpoints, accessToken, account, http }: PublishRun, known: string | null) {
  const parameters = new URLSearchParams({ max_results: '5', ...(known === null ? {} : { since_id: known }) });
  const { data } = await callX({
    endpoints,
    accessToken,
    http: { request: (wanted) => http.request({ ...wanted, timeoutMs: readTimeoutMs }) },
    method: 'GET',
    path: `/2/users/${encodeURIComponent(account.externalId)}/tweets?${parameters.toString()}`,
    effect: 'read',
    answer: Listing,
  });
  return data.reduce((newest, { id }) => (newerX(id, newest) ? id : newest), known ?? nothingBefore);
}
