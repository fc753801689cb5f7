import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { countIn, readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callDiscord, channelPath, type DiscordCall } from './api.ts';
import { isForum, messagePath } from './forum.ts';
import { isWebhook } from './webhook.ts';

/** https://docs.discord.com/developers/resources/message#reaction-object and /guild#get-guild, read 2026-11. */
const definitionVersion = '2026-11';
const postSources: readonly MetricSource[] = [['reactions', 'reactions']];
/** Where a thread was begun at the message; else there is no such number. */
const threadSources: readonly MetricSource[] = [['thread.message_count', 'comments']];
/** Of the whole server: a channel has no followers of its own. */
const accountSources: readonly MetricSource[] = [['approximate_member_count', 'followers']];

export const discordMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: null,

  // A webhook may ask for neither reactions nor members: its messages are there, and have no numbers.
  readPosts: ({ posts, ...call }) =>
    readOneByOne(posts, async ({ platformPostId: id }) => {
      if (isWebhook(call.account)) return [];
      const message = { path: messagePath(call.account, id), isInThread: isForum(call.account) };
      return readingsOf(await ask(call, message, Message));
    }),

  async readAccount(call) {
    if (isWebhook(call.account)) return [];
    const channel = await ask(call, { path: channelPath(call.account.externalId) }, Channel);
    const guild = await ask(call, { path: `/guilds/${channel.guild_id}?with_counts=true` }, z.looseObject({}));
    return readingsIn(guild, accountSources, definitionVersion);
  },
};

const Channel = z.object({ guild_id: foreignNumericId() });
const Message = z.object({
  reactions: z
    .array(z.object({ count: z.unknown() }))
    .max(1_000)
    .optional(),
  thread: z.object({ message_count: z.unknown() }).optional(),
});

/** Discord leaves the list out of a message that nobody has reacted to, and has it as soon as somebody does: that is none, not a gap. */
function readingsOf({ reactions = [], thread }: z.infer<typeof Message>): MetricReading[] {
  const counts = reactions.map(({ count }) => countIn(count));
  const sum = counts.includes(null) ? null : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  return [
    ...readingsIn({ reactions: sum }, postSources, definitionVersion),
    ...(thread === undefined
      ? []
      : readingsIn({ 'thread.message_count': thread.message_count }, threadSources, definitionVersion)),
  ];
}

function ask<Answer>(
  { endpoints, http, accessToken }: AccountCall,
  place: Pick<DiscordCall<Answer>, 'path' | 'isInThread'>,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  return callDiscord({ endpoints, http, accessToken, ...place, method: 'GET', effect: 'read', answer });
}
