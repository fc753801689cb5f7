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
import { parseMessageBody, parseMessageEdit } from './message-body.ts';
import type { Messages } from './messages.ts';
import { botView, channelView, guild, guildView, isForum, messageView } from './views.ts';

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
    const channel = ownChannel(admit(context, request, reply, discordLimits.read), request.params.channel);
    return channelView(channel, sandbox.posts.ofAccount(site, channel.id).at(-1)?.id ?? null);
  });

  app.post<InChannel>(`${api}/channels/:channel/messages`, (request, reply) => {
    const channel = ownChannel(admit(context, request, reply, discordLimits.create), request.params.channel);
    if (isForum(channel)) throw new RefusalError(apiError(400, 50_008, 'Cannot send messages in a non-text channel'));
    const body = parseMessageBody(request.body);
    const post = messages.create(channel, bots.of(channel), body);
    return { ...view(channel, post), ...(body.nonce === undefined ? {} : { nonce: body.nonce }) };
  });

  app.get<InChannel>(`${api}/channels/:channel/messages`, { config: { listing: true } }, (request, reply) => {
    const channel = ownChannel(admit(context, request, reply, discordLimits.read), request.params.channel);
    const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const shown = sandbox.posts.ofAccount(site, channel.id).filter((post) => post.receivedTickMs <= shownUntilMs);
    return listMessages(shown, request.query).map((post) => view(channel, post));
  });

  app.get<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const channel = ownChannel(admit(context, request, reply, discordLimits.read), request.params.channel);
    return view(channel, messageIn(channel, request.params.message));
  });

  // https://docs.discord.com/developers/resources/message#edit-message: what is left out stays.
  app.patch<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const channel = ownChannel(admit(context, request, reply, discordLimits.create), request.params.channel);
    const post = messageIn(channel, request.params.message);
    return view(channel, messages.edit(post, parseMessageEdit(request.body)));
  });

  app.delete<AtMessage>(`${api}/channels/:channel/messages/:message`, (request, reply) => {
    const channel = ownChannel(admit(context, request, reply, discordLimits.remove), request.params.channel);
    messages.remove(messageIn(channel, request.params.message));
    return reply.code(204).send();
  });

  /** A bot sees the channel it was added to and no other. */
  function ownChannel(own: Account, id: string): Account {
    if (id === own.id) return own;
    throw new RefusalError(
      sandbox.accounts.byId(site, id) === undefined ? unknownChannel() : apiError(403, 50_001, 'Missing Access'),
    );
  }

  function messageIn(channel: Account, id: string): Post {
    const post = messages.get(id);
    if (post === undefined || post.account !== channel.id) throw new RefusalError(unknownMessage());
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

const GuildQuery = z.object({ with_counts: z.string().optional() });
