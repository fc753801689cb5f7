import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { admit } from './admit.ts';
import { apiError, unknownChannel, unknownMessage } from './answers.ts';
import type { Bots } from './bots.ts';
import { discordLimits } from './limits.ts';
import { listMessages } from './list-messages.ts';
import { parseForumPost, parseMessageBody, parseMessageEdit } from './message-body.ts';
import type { Messages } from './messages.ts';
import { botView, channelOfMessage, channelView, guild, guildView, isForum, messageView, threadView } from './views.ts';

type InChannel = { Params: { channel: string } };
type AtMessage = { Params: { channel: string; message: string } };

const api = '/api/v10';

/** https://docs.discord.com/developers/reference, version 10: what a bot needs to write into a channel. */
export function botRoutes(app: FastifyInstance, context: SiteContext, bots: Bots, messages: Messages): void {
  const { site, sandbox } = context;

  // As a parameter, so that `%40me` is the same address.
  app.get<{ Params: { user: string } }>(`${api}/users/:user`, (request, reply) => {
    const bot = bots.of(admit(context, request, reply, discordLimits.read));
    if (request.params.user !== '@me' && request.params.user !== bot.id)
      throw new RefusalError(apiError(404, 10_013, 'Unknown User'));
    return botView(bot);
  });

  app.get<{ Params: { guild: string } }>(`${api}/guilds/:guild`, (request, reply) => {
    const channel = admit(context, request, reply, discordLimits.read);
    if (request.params.guild !== guild.id) throw new RefusalError(apiError(404, 10_004, 'Unknown Guild'));
    const { with_counts: counts } = GuildQuery.parse(request.query);
    return guildView(counts === 'true' ? sandbox.audience.followers(channel) : undefined);
  });

  app.get<InChannel>(`${api}/channels/:channel`, (request, reply) => {
    const { channel, thread } = placeAt(admit(context, request, reply, discordLimits.read), request.params.channel);
    if (thread !== null) return threadView(thread, bots.of(channel), messages.newestOf(thread.id));
    return channelView(channel, messages.newestOf(channel.id));
  });

  app.post<InChannel>(`${api}/channels/:channel/messages`, (request, reply) => {
    const { channel, thread } = placeAt(admit(context, request, reply, discordLimits.create), request.params.channel);
    if (thread === null && isForum(channel))
      throw new RefusalError(apiError(400, 50_008, 'Cannot send messages in a non-text channel'));
    const body = parseMessageBody(request.body);
    const post = messages.create(channel, bots.of(channel), body, thread === null ? {} : { thread_id: thread.id });
    return { ...view(channel, post), ...(body.nonce === undefined ? {} : { nonce: body.nonce }) };
  });

  // https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel: no nonce is known here.
  app.post<InChannel>(`${api}/channels/:channel/threads`, (request, reply) => {
    const { channel, thread } = placeAt(admit(context, request, reply, discordLimits.create), request.params.channel);
    if (thread !== null || !isForum(channel))
      throw new RefusalError(apiError(400, 50_024, 'Cannot execute action on this channel type'));
    const { name, appliedTags, message } = parseForumPost(request.body);
    const bot = bots.of(channel);
    const post = messages.create(
      channel,
      bot,
      { ...message, nonce: undefined, enforceNonce: false },
      { thread_name: name, ...(appliedTags === undefined ? {} : { applied_tags: appliedTags }) },
    );
    return reply.code(201).send({ ...threadView(post, bot, null), message: view(channel, post) });
  });

  // https://docs.discord.com/developers/resources/guild#list-active-guild-threads: of the channels that the bot sees.
  app.get<{ Params: { guild: string } }>(
    `${api}/guilds/:guild/threads/active`,
    { config: { listing: true } },
    (request, reply) => {
      const channel = admit(context, request, reply, discordLimits.read);
      if (request.params.guild !== guild.id) throw new RefusalError(apiError(404, 10_004, 'Unknown Guild'));
      const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
      const threads = sandbox.posts
        .ofAccount(site, channel.id)
        .filter((post) => post.details['thread_name'] !== undefined && post.receivedTickMs <= shownUntilMs);
      return {
        threads: threads.map((post) => threadView(post, bots.of(channel), messages.newestOf(post.id))),
        members: [],
      };
    },
  );

  /** Threads do not fall asleep here. */
  app.get<InChannel>(`${api}/channels/:channel/threads/archived/public`, (request, reply) => {
    placeAt(admit(context, request, reply, discordLimits.read), request.params.channel);
    return { threads: [], members: [], has_more: false };
  });

  app.get<InChannel>(`${api}/channels/:channel/messages`, { config: { listing: true } }, (request, reply) => {
    const at = placeAt(admit(context, request, reply, discordLimits.read), request.params.channel);
    const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const shown = sandbox.posts
      .ofAccount(site, at.channel.id)
      .filter((post) => isAt(at, post) && post.receivedTickMs <= shownUntilMs);
    return listMessages(shown, request.query).map((post) => view(at.channel, post));
  });

  app.get<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const at = placeAt(admit(context, request, reply, discordLimits.read), request.params.channel);
    return view(at.channel, messageIn(at, request.params.message));
  });

  // https://docs.discord.com/developers/resources/message#edit-message: what is left out stays.
  app.patch<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const at = placeAt(admit(context, request, reply, discordLimits.create), request.params.channel);
    const post = messageIn(at, request.params.message);
    return view(at.channel, messages.edit(post, parseMessageEdit(request.body)));
  });

  app.delete<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const at = placeAt(admit(context, request, reply, discordLimits.remove), request.params.channel);
    messages.remove(messageIn(at, request.params.message));
    return reply.code(204).send();
  });

  /** A bot sees the channel it was added to, its threads, and no other. */
  function placeAt(own: Account, id: string): MessagePlace {
    if (id === own.id) return { channel: own, thread: null };
    const first = messages.get(id);
    if (first?.account === own.id && first.details['thread_name'] !== undefined) return { channel: own, thread: first };
    throw new RefusalError(
      sandbox.accounts.byId(site, id) === undefined ? unknownChannel() : apiError(403, 50_001, 'Missing Access'),
    );
  }

  function isAt({ channel, thread }: MessagePlace, post: Post): boolean {
    return post.account === channel.id && channelOfMessage(post) === (thread?.id ?? channel.id);
  }

  function messageIn(at: MessagePlace, id: string): Post {
    const post = messages.get(id);
    if (post === undefined || !isAt(at, post)) throw new RefusalError(unknownMessage());
    return post;
  }

  function view(channel: Account, post: Post) {
    return messageView(
      post,
      bots.of(channel),
      messages.detail(post.id),
      context.origin(),
      sandbox.audience.ofPost(post).likes,
    );
  }
}

type MessagePlace = {
  readonly channel: Account;
  /** The first message of the channel's thread that is meant. */
  readonly thread: Post | null;
};

const GuildQuery = z.object({ with_counts: z.string().optional() });
