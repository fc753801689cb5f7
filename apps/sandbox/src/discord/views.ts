import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { MessageDetail } from './messages.ts';
import type { Bot } from './bots.ts';

/** The one guild of the sandbox. */
export const guild = { id: '1100000000000000000', name: 'Sandbox' } as const;

/** https://docs.discord.com/developers/resources/guild#guild-object, in part */
export function guildView(members: number | undefined) {
  return {
    ...guild,
    ...(members === undefined
      ? {}
      : { approximate_member_count: members, approximate_presence_count: Math.floor(members / 3) }),
    icon: null,
    description: null,
    owner_id: '1100000000000000001',
    verification_level: 0,
    features: [],
    roles: [],
    emojis: [],
    premium_tier: 0,
    preferred_locale: 'en-US',
    nsfw_level: 0,
  };
}

const forumType = 15;

/** Channels whose handle begins so are forums. */
export function isForum({ handle }: Account): boolean {
  return handle.startsWith('forum');
}

/** https://docs.discord.com/developers/resources/channel#channel-object */
export function channelView(channel: Account, lastMessageId: string | null) {
  return {
    id: channel.id,
    type: isForum(channel) ? forumType : 0,
    guild_id: guild.id,
    name: channel.handle,
    position: 0,
    topic: null,
    nsfw: false,
    last_message_id: lastMessageId,
    rate_limit_per_user: 0,
    parent_id: null,
    permission_overwrites: [],
    flags: 0,
  };
}

/** Where a message stands: in the channel, or in one of its threads. A thread of a forum has the id of its first message. */
export function channelOfMessage(post: Post): string {
  const { thread_id: threadId, thread_name: title } = post.details;
  if (typeof threadId === 'string') return threadId;
  return title === undefined ? post.account : post.id;
}

const publicThreadType = 11;

/** A post of a forum, by its first message. https://docs.discord.com/developers/resources/channel#channel-object */
export function threadView(first: Post, bot: Bot, newestId: string | null) {
  const { thread_name: name, applied_tags: tags } = first.details;
  return {
    id: first.id,
    type: publicThreadType,
    guild_id: guild.id,
    parent_id: first.account,
    owner_id: bot.id,
    name,
    applied_tags: tags ?? [],
    last_message_id: newestId ?? first.id,
    message_count: 0,
    member_count: 1,
    rate_limit_per_user: 0,
    flags: 0,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 4_320,
      archive_timestamp: first.createdAt,
      locked: false,
    },
  };
}

/** https://docs.discord.com/developers/resources/user#user-object */
export function botView({ id, username }: Bot) {
  return { id, username, discriminator: '0000', global_name: null, avatar: null, bot: true, flags: 0, public_flags: 0 };
}

const suppressEmbeds = 1 << 2;

/** https://docs.discord.com/developers/resources/message#message-object; no guild, and no nonce but in the answer to its creation. */
export function messageView(
  post: Post,
  bot: Bot,
  { flags, embeds, fileNames, contentTypes, editedAt }: MessageDetail,
  origin: string,
  likes: number,
) {
  return {
    id: post.id,
    type: 0,
    ...(likes === 0 ? {} : { reactions: [reactionView(likes)] }),
    channel_id: channelOfMessage(post),
    author: botView(bot),
    content: post.text,
    timestamp: post.createdAt.replace(/Z$/, '000+00:00'),
    edited_timestamp: editedAt === null ? null : editedAt.replace(/Z$/, '000+00:00'),
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: post.media.map(({ bytes, width, height, alt }, index) => {
      const id = String(BigInt(post.id) + BigInt(index) + 1n);
      const fileName = fileNames[index] ?? 'file';
      const contentType = contentTypes[index];
      const address = `${origin}/attachments/${post.account}/${id}/${encodeURIComponent(fileName)}`;
      return {
        id,
        filename: fileName,
        size: bytes,
        url: address,
        proxy_url: address,
        ...(contentType === undefined ? {} : { content_type: contentType }),
        ...(alt === null ? {} : { description: alt }),
        ...(width === null ? {} : { width, height }),
      };
    }),
    embeds: (flags & suppressEmbeds) === 0 ? embeds.map((embed) => ({ type: 'rich', ...embed })) : [],
    components: [],
    pinned: false,
    flags,
  };
}

/** https://docs.discord.com/developers/resources/message#reaction-object */
function reactionView(count: number) {
  return {
    count,
    count_details: { burst: 0, normal: count },
    me: false,
    me_burst: false,
    emoji: { id: null, name: '👍' },
    burst_colors: [],
  };
}
