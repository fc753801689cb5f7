import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KeySeed, PublishRun } from '../port/publish.ts';
import { PlatformError } from '../port/platform-error.ts';
import { type ChannelFacts, readChannel } from './channel.ts';

/**
 * What is stored before the first send: the nonce that Discord remembers for minutes, and the newest message that the channel had by then.
 * Ours is newer, whatever our clocks say. `after`: null where Discord did not tell. Older intents have the nonce alone.
 */
export const DiscordKey = z.union([
  z.object({ nonce: z.string(), after: z.string().nullable() }),
  z.string().transform((nonce) => ({ nonce, after: null })),
]);
export type DiscordKey = z.infer<typeof DiscordKey>;

/** Between a message that was the newest so long ago and ours there may be many. */
const freshMs = 10 * 60_000;

export async function keyBeforeSend(
  run: PublishRun,
  channel: ChannelFacts,
  { partId, lastPost }: KeySeed,
): Promise<DiscordKey> {
  const nonce = nonceOf(partId);
  const isFresh = run.now.getTime() - Date.parse(channel.readAt) < freshMs;
  if (isFresh && channel.newestId !== null) return { nonce, after: channel.newestId };
  if (lastPost !== null && lastPost.ageMs < freshMs) return { nonce, after: lastPost.id };
  return { nonce, after: isFresh ? null : await readNewest(run) };
}

async function readNewest(run: PublishRun): Promise<string | null> {
  try {
    return (await readChannel(run, run.http)).newestId;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return null;
  }
}

const nonceCharacters = 22;

/** Discord takes 25 characters at most; 22 of a hash are 132 bits. */
export function nonceOf(partId: string): string {
  return createHash('sha256').update(partId).digest('base64url').slice(0, nonceCharacters);
}
