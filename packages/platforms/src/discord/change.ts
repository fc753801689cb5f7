import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { callDiscord } from './api.ts';
import { unknownChannel } from './errors.ts';
import { isForum, messagePath } from './forum.ts';
import { bodyOptions, DiscordOptions } from './options.ts';
import { isWebhook, messageOfWebhook } from './webhook.ts';

/**
 * A bot that may manage messages can delete everybody's: the author is looked at first.
 * https://docs.discord.com/developers/resources/message#delete-message, read 2026-11.
 */
export async function removeFromDiscord(call: PostCall): Promise<'removed' | 'already_gone'> {
  try {
    if (!isWebhook(call.account)) await requireOwn(call);
    await callDiscord({ ...(await messageOf(call)), method: 'DELETE', effect: 'idempotent', answer: z.unknown() });
    return 'removed';
  } catch (error) {
    if (error instanceof PlatformError && isGone(error)) return 'already_gone';
    throw error;
  }
}

const unknownMessage = '10008';

/** The message, or the thread that it stood in. */
function isGone({ platformCode, accountGone }: PlatformError): boolean {
  return platformCode === unknownMessage || (platformCode === unknownChannel && accountGone === null);
}

/** Its text, and whom that pings. https://docs.discord.com/developers/resources/message#edit-message, read 2026-11. */
export async function editOnDiscord(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const { allowed_mentions } = bodyOptions(DiscordOptions.parse(call.content.options));
  const json = { content: call.content.text, allowed_mentions };
  await callDiscord({ ...(await messageOf(call)), method: 'PATCH', json, effect: 'idempotent', answer: Message });
}

const Message = z.object({ id: foreignNumericId() });
const Author = z.object({ author: z.object({ id: foreignNumericId() }) });

async function requireOwn(call: PostCall): Promise<void> {
  const read = { ...(await messageOf(call)), method: 'GET', effect: 'read' } as const;
  const { author } = await callDiscord({ ...read, answer: Author });
  const bot = await callDiscord({ ...read, path: '/users/@me', answer: Message });
  if (author.id !== bot.id)
    throw new PlatformError('permission', 'The message is not one of this bot', { platformCode: 'not_own' });
}

async function messageOf(call: PostCall) {
  const { endpoints, http, accessToken, account, post } = call;
  if (isWebhook(account)) return { endpoints, http, accessToken, ...(await messageOfWebhook(call)) };
  const path = messagePath(account, post.platformPostId);
  return { endpoints, http, accessToken, path, isInThread: isForum(account) };
}
