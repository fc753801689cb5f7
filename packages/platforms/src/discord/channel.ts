import { z } from 'zod';
import type { JsonValue } from '../port/json-value.ts';
import type { PublishRun } from '../port/publish.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { callDiscord, channelPath } from './api.ts';

/** The step whose result is what the channel told. */
export const channelStep = 'guild';

/** `newestId`: of its messages, `0` where it has none, null where Discord did not tell. `readAt`: ISO 8601. */
export const ChannelFacts = z.object({
  guildId: z.string().nullable(),
  newestId: z.string().nullable(),
  readAt: z.string(),
});
export type ChannelFacts = z.infer<typeof ChannelFacts>;

/** https://docs.discord.com/developers/resources/channel#channel-object, read 2026-11: the last message may be gone by now. */
const Channel = z.object({ guild_id: foreignNumericId().nullish(), last_message_id: foreignNumericId().nullish() });

/** The channel as this publication knows it: read once, ahead of the send. A message's address names the guild, which only the channel tells. */
export async function readChannelOnce(run: PublishRun): Promise<ChannelFacts> {
  const stored = await run.step<ChannelFacts>({
    name: channelStep,
    effect: 'read',
    run: ({ http }) => readChannel(run, http),
  });
  return channelIn(stored);
}

export async function readChannel(
  { endpoints, accessToken, account, now }: Pick<PublishRun, 'endpoints' | 'accessToken' | 'account' | 'now'>,
  http: PlatformHttp,
): Promise<ChannelFacts> {
  const path = channelPath(account.externalId);
  const call = { endpoints, accessToken, http, method: 'GET', path, effect: 'read' } as const;
  const { guild_id: guildId, last_message_id: newestId } = await callDiscord({ ...call, answer: Channel });
  return {
    guildId: guildId ?? null,
    newestId: newestId === undefined ? null : (newestId ?? '0'),
    readAt: now.toISOString(),
  };
}

/** A result that was stored before there was more in it is the guild's id alone. */
export function channelIn(result: JsonValue | undefined): ChannelFacts {
  const facts = ChannelFacts.safeParse(result);
  if (facts.success) return facts.data;
  return { guildId: typeof result === 'string' ? result : null, newestId: null, readAt: new Date(0).toISOString() };
}
