import { z } from 'zod';
import type { KeySeed, PublishRun } from '../port/publish.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callMastodon, instanceOf } from './api.ts';
import { habitsOf } from './software.ts';

/**
 * What is stored before the first send: the key that the instance may remember, and the newest status that the account had by then. Ours
 * is newer, whatever our clocks say. `after`: '' where there was none, null where the instance did not tell. Older intents have the key alone.
 */
export const MastodonKey = z.union([
  z.object({ idempotencyKey: z.string(), after: z.string().nullable() }),
  z.string().transform((idempotencyKey) => ({ idempotencyKey, after: null })),
]);
export type MastodonKey = z.infer<typeof MastodonKey>;

/** A status seen longer ago than this may have been followed by others that are not ours; where those raise doubts, sooner. */
const freshMs = 10 * 60_000;
const freshAmongDoubtsMs = 30_000;
const readTimeoutMs = 5_000;

export async function keyBeforeSend(run: PublishRun, { partId, lastPost }: KeySeed): Promise<MastodonKey> {
  const idempotencyKey = `vibetribe-${partId}`;
  const { keepsText } = habitsOf(run.account.serverRules?.software);
  if (lastPost !== null && lastPost.ageMs < (keepsText ? freshMs : freshAmongDoubtsMs))
    return { idempotencyKey, after: lastPost.id };
  try {
    return { idempotencyKey, after: await readNewest(run) };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { idempotencyKey, after: null };
  }
}

const Newest = z.array(z.object({ id: z.string().min(1).max(100) }));

async function readNewest({ http, account, accessToken }: PublishRun): Promise<string> {
  const [newest] = await callMastodon({
    http: { request: (wanted) => http.request({ ...wanted, timeoutMs: readTimeoutMs }) },
    instance: instanceOf(account),
    accessToken,
    method: 'GET',
    path: `/api/v1/accounts/${encodeURIComponent(account.externalId)}/statuses?limit=1&exclude_reblogs=true`,
    effect: 'read',
    answer: Newest,
  });
  return newest?.id ?? '';
}
