import { z } from 'zod';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callDiscord, channelPath } from './api.ts';
import { forumRules, forumTypes } from './forum.ts';
import { connectWebhook, isWebhook, readWebhookProfile, webhookIn } from './webhook.ts';

const BotCredentials = z.strictObject({
  kind: z.literal('bot'),
  botToken: secretField("the bot's token"),
  channelId: z
    .string({ error: "the channel's id is missing" })
    .trim()
    .regex(/^\d{17,20}$/u, { error: "must be the channel's id, a number of 17 to 20 digits" }),
});
const WebhookCredentials = z.strictObject({
  kind: z.literal('webhook'),
  webhookUrl: secretField("the webhook's address").refine((address) => webhookIn(address) !== null, {
    error: "must be a webhook's address, such as https://discord.com/api/webhooks/…/…",
  }),
});
const DiscordCredentials = z.preprocess(withKind, z.discriminatedUnion('kind', [BotCredentials, WebhookCredentials]));

/** A bot that was added to the server, or, in the place of all fields, `webhookUrl`. Its token opens every channel it may see; an account is one of them. */
export const discordManual: ManualConnect = {
  fields: [
    { name: 'botToken', label: 'Bot token', secret: true, required: true },
    { name: 'channelId', label: 'Channel id', secret: false, required: true },
  ],
  credentials: DiscordCredentials,

  async connect({ endpoints, http, credentials }): Promise<ConnectedGrant> {
    const given = DiscordCredentials.parse(credentials);
    if (given.kind === 'webhook') return connectWebhook({ endpoints, http }, given.webhookUrl);
    const { botToken: accessToken, channelId } = given;
    const call = { endpoints, http, accessToken } as const;
    await callDiscord({ ...call, method: 'GET', path: '/users/@me', effect: 'read', answer: Bot });
    const { service, ...account } = await readChannelProfile(call, channelId);
    return { credentials: { accessToken, scopes: [] }, service, accounts: [account] };
  },
};

export function readDiscordAccount(call: AccountCall): Promise<AccountProfile> {
  return isWebhook(call.account) ? readWebhookProfile(call) : readChannelProfile(call, call.account.externalId);
}

async function readChannelProfile(
  place: Pick<AccountCall, 'endpoints' | 'http' | 'accessToken'>,
  channelId: string,
): Promise<AccountProfile> {
  const call = { ...place, method: 'GET', effect: 'read' } as const;
  const channel = await callDiscord({ ...call, path: channelPath(channelId), answer: Channel });
  const isForum = forumTypes.includes(channel.type);
  if (!isForum && !typesWithMessages.includes(channel.type)) {
    throw new PlatformError('content', 'This is not a channel of a server that takes messages', {
      platformCode: 'channel_type',
    });
  }
  const guild = await callDiscord({ ...call, path: `/guilds/${channel.guild_id}`, answer: Guild });
  return {
    externalId: channel.id,
    handle: `#${channel.name}`,
    displayName: `${channel.name} (${guild.name})`,
    service: null,
    ...(isForum ? { serverRules: forumRules } : {}),
  };
}

/** Text, voice, announcement, the three kinds of threads, stage. https://docs.discord.com/developers/resources/channel */
const typesWithMessages: readonly number[] = [0, 2, 5, 10, 11, 12, 13];

const Bot = z.object({ id: z.string().min(1) });
const Guild = z.object({ name: z.string().min(1) });
const Channel = z.object({
  id: z.string().min(1),
  type: z.int(),
  guild_id: z.string().regex(/^\d+$/u).default(''),
  name: z
    .string()
    .nullish()
    .transform((name) => name ?? 'unnamed'),
});

function withKind(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  return { ...Object(withOwnNames(given)), kind: Object.hasOwn(given, 'webhookUrl') ? 'webhook' : 'bot' };
}

/** Clients that treat every platform alike say `accessToken` and `externalId`, and how a token is renewed, which a bot's never has to be. */
function withOwnNames(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const names: Readonly<Record<string, string>> = { accessToken: 'botToken', externalId: 'channelId' };
  const renamed = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'refreshToken' || name === 'expiresAt') return [];
    const own = names[name];
    return [[own === undefined || own in given ? name : own, value]];
  });
  return Object.fromEntries(renamed);
}
