import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';

const Channel = z
  .object({
    id: foreignId(),
    snippet: z.object({ title: z.string().default(''), customUrl: z.string().optional().catch(undefined) }),
  })
  .transform(({ id, snippet: { title, customUrl } }) => ({
    externalId: id,
    handle: customUrl?.replace(/^@/u, '') ?? title,
    displayName: title,
  }));
const Channels = z.object({ items: z.array(Channel).default([]), nextPageToken: z.string().max(500).optional() });
export type Channel = z.infer<typeof Channel>;

const pagesMax = 20;

/** Those that the person of this token chose at the consent page. https://developers.google.com/youtube/v3/docs/channels/list, read 2026-11. */
export async function readOwnChannels(access: TokenAccess): Promise<Channel[]> {
  const channels: Channel[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const query = { part: 'snippet', mine: 'true', maxResults: '50', pageToken };
    const { items, nextPageToken } = await callYouTube({
      ...access,
      method: 'GET',
      path: '/youtube/v3/channels',
      query,
      effect: 'read',
      answer: Channels,
    });
    channels.push(...items);
    pageToken = nextPageToken;
    if (pageToken === undefined) break;
  }
  if (channels.length > 0) return channels;
  throw new PlatformError('permission', 'This Google account has no channel', { platformCode: 'no_channel' });
}

export async function readYouTubeAccount(call: AccountCall): Promise<AccountProfile> {
  const own = await readOwnChannels(accessTo(call));
  const channel = own.find(({ externalId }) => externalId === call.account.externalId);
  if (channel === undefined)
    throw new PlatformError('permission', 'The grant does not open this channel', { platformCode: 'account_mismatch' });
  return { ...channel, service: null };
}
