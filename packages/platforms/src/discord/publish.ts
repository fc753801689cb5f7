import { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { callDiscord, channelPath } from './api.ts';
import { readChannelOnce } from './channel.ts';
import { messageForm } from './files.ts';
import { isForum, publishForumPost } from './forum.ts';
import { DiscordKey, keyBeforeSend } from './key.ts';
import { bodyOptions, DiscordOptions } from './options.ts';
import { isWebhook, publishByWebhook } from './webhook.ts';

const Message = z.object({ id: foreignNumericId() });

/** One request under a nonce of the publication: a repeat within minutes gives the same message again. */
export async function publishDiscord(publication: PublishRun): Promise<Published> {
  if (isWebhook(publication.account)) return publishByWebhook(publication);
  if (isForum(publication.account)) return publishForumPost(publication);
  const { endpoints, account, accessToken, content } = publication;
  const options = DiscordOptions.parse(content.options);
  const call = { endpoints, accessToken } as const;
  const channel = await readChannelOnce(publication);
  const id = await publication.step({
    name: 'publish',
    effect: 'once',
    key: (seed) => keyBeforeSend(publication, channel, seed),
    run: async ({ key, http }) => {
      const { nonce } = DiscordKey.parse(key);
      const json = {
        content: content.text,
        nonce,
        enforce_nonce: true,
        ...bodyOptions(options),
      };
      const message = await callDiscord({
        ...call,
        http,
        method: 'POST',
        path: `${channelPath(account.externalId)}/messages`,
        ...(content.media.length === 0
          ? { json }
          : { multipart: messageForm(json, content.media, { nonce, isSpoiler: options.spoiler === true }) }),
        effect: 'once',
        answer: Message,
      });
      return message.id;
    },
  });
  return { kind: 'published', platformPostId: id, url: messageUrl(account, channel.guildId, id) };
}

/** @param guildId null: the address leads nowhere without it */
export function messageUrl({ externalId }: AdapterAccount, guildId: string | null, id: string): string | null {
  if (guildId === null) return null;
  return `https://discord.com/channels/${[guildId, externalId, id].map(encodeURIComponent).join('/')}`;
}
