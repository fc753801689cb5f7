import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { JsonValue } from '../port/json-value.ts';
import type { KeySeed, Published, PublishRun } from '../port/publish.ts';
import { foreignNumericId } from '../answer-fields.ts';
import { callDiscord, channelPath } from './api.ts';
import { messageForm } from './files.ts';
import { DiscordOptions } from './options.ts';

const Channel = z.object({ guild_id: foreignNumericId().nullish() });
const Message = z.object({ id: foreignNumericId() });
const suppressEmbedsFlag = 1 << 2;

/** One request under a nonce of the publication: a repeat within minutes gives the same message again. Nobody is mentioned. */
export async function publishDiscord(publication: PublishRun): Promise<Published> {
  const { endpoints, account, accessToken, content } = publication;
  const { suppressEmbeds } = DiscordOptions.parse(content.options);
  const call = { endpoints, accessToken } as const;
  // A message's address names the guild, which only the channel tells.
  const guildId = await publication.step({
    name: guildStep,
    effect: 'read',
    run: async ({ http }) => {
      const read = { ...call, http, method: 'GET', path: channelPath(account.externalId), effect: 'read' } as const;
      return (await callDiscord({ ...read, answer: Channel })).guild_id ?? null;
    },
  });
  const id = await publication.step({
    name: 'publish',
    effect: 'once',
    key: nonceOf,
    run: async ({ key, http }) => {
      const json = {
        content: content.text,
        nonce: key,
        enforce_nonce: true,
        allowed_mentions: { parse: [] },
        ...(suppressEmbeds === true ? { flags: suppressEmbedsFlag } : {}),
      };
      const message = await callDiscord({
        ...call,
        http,
        method: 'POST',
        path: `${channelPath(account.externalId)}/messages`,
        ...(content.media.length === 0 ? { json } : { multipart: messageForm(json, content.media, key) }),
        effect: 'once',
        answer: Message,
      });
      return message.id;
    },
  });
  return { kind: 'published', platformPostId: id, url: messageUrl(account, guildId, id) };
}

/** The step whose result is the guild's id. */
export const guildStep = 'guild';

const nonceCharacters = 22;

/** Discord takes 25 characters at most; 22 of a hash are 132 bits. */
function nonceOf({ partId }: KeySeed): string {
  return createHash('sha256').update(partId).digest('base64url').slice(0, nonceCharacters);
}

/** @param guildId the result of the step `guild`; anything but an id gives an address that leads nowhere, so null */
export function messageUrl({ externalId }: AdapterAccount, guildId: JsonValue | undefined, id: string): string | null {
  if (typeof guildId !== 'string') return null;
  return `https://discord.com/channels/${[guildId, externalId, id].map(encodeURIComponent).join('/')}`;
}
