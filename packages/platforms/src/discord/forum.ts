import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { AdapterAccount, ServerRules } from '../port/account.ts';
import type { Published, PublishRun } from '../port/publish.ts';
import { callDiscord, channelPath } from './api.ts';
import { readChannelOnce } from './channel.ts';
import { messageForm } from './files.ts';
import { DiscordKey, keyBeforeSend } from './key.ts';
import { bodyOptions, DiscordOptions } from './options.ts';
import { discordTextMax } from './text.ts';

/** Forum and media channels: whoever posts there begins a thread. https://docs.discord.com/developers/resources/channel */
export const forumTypes: readonly number[] = [15, 16];

/** What is kept with an account whose channel is a forum. */
export const forumRules: ServerRules = { textMax: discordTextMax, urlCharacters: null, isForum: true };

export function isForum({ serverRules }: Pick<AdapterAccount, 'serverRules'>): boolean {
  return serverRules?.isForum === true;
}

const titleMax = 100;

/** Of a post that was given none: the first line of its text, cut where it is too long. */
export function forumTitle(options: Pick<DiscordOptions, 'forumPost'>, text: string): string {
  if (options.forumPost !== undefined) return options.forumPost.title;
  const characters = Array.from(text.trim().split(/[\r\n]/u, 1)[0] ?? '');
  return characters.length <= titleMax ? characters.join('') : `${characters.slice(0, titleMax - 1).join('')}…`;
}

const Thread = z.object({ id: foreignNumericId() });

/**
 * A thread of the forum and its first message, which have one id. Discord knows no nonce here.
 * https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel, read 2026-11.
 */
export async function publishForumPost(run: PublishRun): Promise<Published> {
  const { account, content } = run;
  const options = DiscordOptions.parse(content.options);
  const channel = await readChannelOnce(run);
  const id = await run.step({
    name: 'publish',
    effect: 'once',
    key: (seed) => keyBeforeSend(run, channel, seed),
    run: async ({ key, http }) => {
      const { nonce } = DiscordKey.parse(key);
      const tags = options.forumPost?.tags;
      const thread = {
        name: forumTitle(options, content.text),
        ...(tags === undefined ? {} : { applied_tags: tags }),
      };
      const message = { content: content.text, ...bodyOptions(options) };
      const isSpoiler = options.spoiler === true;
      const answer = await callDiscord({
        endpoints: run.endpoints,
        accessToken: run.accessToken,
        http,
        method: 'POST',
        path: `${channelPath(account.externalId)}/threads`,
        ...(content.media.length === 0
          ? { json: { ...thread, message } }
          : { multipart: messageForm(message, content.media, { nonce, isSpoiler, thread }) }),
        effect: 'once',
        answer: Thread,
      });
      return answer.id;
    },
  });
  return { kind: 'published', platformPostId: id, url: forumPostUrl(channel.guildId, id) };
}

/** @param guildId null: the address leads nowhere without it */
export function forumPostUrl(guildId: string | null, id: string): string | null {
  return guildId === null ? null : `https://discord.com/channels/${guildId}/${id}/${id}`;
}

/** The path of a message that this account has posted: in a forum it stands in the thread that has its id. */
export function messagePath(account: Pick<AdapterAccount, 'externalId' | 'serverRules'>, id: string): string {
  return `${channelPath(isForum(account) ? id : account.externalId)}/messages/${encodeURIComponent(id)}`;
}
