import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile, AdapterAccount, PostCall } from '../port/account.ts';
import type { ConnectedGrant } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { callDiscord, type DiscordCall } from './api.ts';
import { messageForm } from './files.ts';
import { nonceOf } from './key.ts';
import { bodyOptions, DiscordOptions } from './options.ts';

/** https://docs.discord.com/developers/resources/webhook, read 2026-11. */
const addressOfWebhook = /^(?:\/[\w-]+)*\/api\/(?:v\d{1,2}\/)?webhooks\/(\d{17,20})\/([\w-]{20,200})\/?$/u;
const hostsOfDiscord = new Set(['discord.com', 'discordapp.com', 'ptb.discord.com', 'canary.discord.com']);

/** Channels have numbers alone. */
const prefix = 'webhook-';

export function isWebhook({ externalId }: Pick<AdapterAccount, 'externalId'>): boolean {
  return externalId.startsWith(prefix);
}

export function webhookIn(
  address: string,
): { readonly host: string; readonly id: string; readonly token: string } | null {
  if (!URL.canParse(address)) return null;
  const { host, pathname, protocol } = new URL(address);
  const [, id, token] = addressOfWebhook.exec(pathname) ?? [];
  return id === undefined || token === undefined || !/^https?:$/u.test(protocol) ? null : { host, id, token };
}

const Webhook = z.object({
  id: foreignNumericId(),
  name: z.string().nullish(),
  channel_id: foreignNumericId(),
  guild_id: foreignNumericId(),
});

/** The token is a part of the address, and all that is needed. @throws PlatformError `content` where the address is not Discord's */
export async function connectWebhook(
  place: Pick<AccountCall, 'endpoints' | 'http'>,
  address: string,
): Promise<ConnectedGrant> {
  const given = webhookIn(address);
  if (given === null || !isOfDiscord(given.host, place.endpoints))
    throw new PlatformError('content', 'This is not the address of a webhook of Discord', {
      platformCode: 'webhook_address',
    });
  const { id, token: accessToken } = given;
  const { service, ...account } = await readWebhookProfile({
    ...place,
    accessToken,
    account: { externalId: `${prefix}${id}` },
  });
  return { credentials: { accessToken, scopes: [] }, service, accounts: [account] };
}

function isOfDiscord(host: string, { api }: PlatformEndpoints): boolean {
  return hostsOfDiscord.has(host) || (api !== null && new URL(api).host === host);
}

export async function readWebhookProfile(place: WebhookPlace): Promise<AccountProfile> {
  const { name, channel_id: channelId } = await readWebhook(place);
  const shown = name ?? 'Webhook';
  return {
    externalId: place.account.externalId,
    handle: shown,
    displayName: `${shown} (webhook of channel ${channelId})`,
    service: null,
  };
}

type WebhookPlace = Pick<AccountCall, 'endpoints' | 'http' | 'accessToken'> & {
  readonly account: Pick<AdapterAccount, 'externalId'>;
};

function readWebhook(place: WebhookPlace): Promise<z.infer<typeof Webhook>> {
  return callDiscord({ ...place, method: 'GET', path: pathOf(place), isOpen: true, effect: 'read', answer: Webhook });
}

function pathOf({ account, accessToken }: Pick<WebhookPlace, 'account' | 'accessToken'>): string {
  return `/webhooks/${encodeURIComponent(account.externalId.slice(prefix.length))}/${encodeURIComponent(accessToken)}`;
}

const Message = z.object({ id: foreignNumericId(), channel_id: foreignNumericId() });

/**
 * One request that waits for its message. A webhook knows no nonce, and can read only messages whose ids it was told: what became of a
 * send without an answer nobody can ask.
 */
export async function publishByWebhook(run: PublishRun): Promise<Published> {
  const { content } = run;
  const options = DiscordOptions.parse(content.options);
  const guildId = await run.step({
    name: 'guild',
    effect: 'read',
    run: async ({ http }) => (await readWebhook({ ...run, http })).guild_id,
  });
  const { id, channelId } = await run.step({
    name: 'publish',
    effect: 'once',
    key: ({ partId }) => ({ nonce: nonceOf(partId) }),
    run: async ({ key: { nonce }, http }) => {
      const { forumPost, threadId } = options;
      const json = {
        content: content.text,
        ...bodyOptions(options),
        ...(forumPost === undefined ? {} : { thread_name: forumPost.title, applied_tags: forumPost.tags ?? [] }),
      };
      const query = new URLSearchParams({ wait: 'true', ...(threadId === undefined ? {} : { thread_id: threadId }) });
      const message = await callDiscord({
        ...run,
        http,
        method: 'POST',
        path: `${pathOf(run)}?${query.toString()}`,
        isOpen: true,
        isInThread: threadId !== undefined,
        ...(content.media.length === 0
          ? { json }
          : { multipart: messageForm(json, content.media, { nonce, isSpoiler: options.spoiler === true }) }),
        effect: 'once',
        answer: Message,
      });
      return { id: message.id, channelId: message.channel_id };
    },
  });
  return { kind: 'published', platformPostId: id, url: `https://discord.com/channels/${guildId}/${channelId}/${id}` };
}

/**
 * A message of the webhook itself: it sees no others. One in a thread is found under the thread's id alone, which its address holds.
 * https://docs.discord.com/developers/resources/webhook#delete-webhook-message, read 2026-11.
 */
export async function messageOfWebhook(
  call: PostCall,
): Promise<Pick<DiscordCall<never>, 'path' | 'isOpen' | 'isInThread'>> {
  const path = `${pathOf(call)}/messages/${encodeURIComponent(call.post.platformPostId)}`;
  const channelId = call.post.url?.split('/').at(-2);
  const { channel_id: ownId } = await readWebhook(call);
  const thread = channelId === undefined || channelId === ownId ? '' : `?thread_id=${encodeURIComponent(channelId)}`;
  return { path: `${path}${thread}`, isOpen: true, isInThread: thread !== '' };
}
