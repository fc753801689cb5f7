import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import { admitWebhook } from './admit.ts';
import { apiError, invalidForm, unknownChannel, unknownMessage } from './answers.ts';
import type { Bots } from './bots.ts';
import { discordLimits } from './limits.ts';
import { parseMessageBody, parseMessageEdit, payloadIn } from './message-body.ts';
import type { Messages, MessageThread } from './messages.ts';
import { guild, isForum, messageView } from './views.ts';

type AtWebhook = { Params: { webhook: string; token: string } };
type AtMessage = { Params: AtWebhook['Params'] & { message: string } };

const address = '/api/v10/webhooks/:webhook/:token';

/** https://docs.discord.com/developers/resources/webhook: whoever has the address writes into the channel, and reads what it wrote. */
export function webhookRoutes(app: FastifyInstance, context: SiteContext, bots: Bots, messages: Messages): void {
  app.get<AtWebhook>(address, (request, reply) => {
    const { webhook: id, token } = request.params;
    const channel = admitWebhook(context, { id, token }, reply, discordLimits.read);
    const named = { id, type: 1, name: `${channel.handle} hook`, avatar: null, application_id: null, token };
    return { ...named, channel_id: channel.id, guild_id: guild.id };
  });

  app.post<AtWebhook>(address, (request, reply) => {
    const { webhook: id, token } = request.params;
    const channel = admitWebhook(context, { id, token }, reply, discordLimits.create);
    const { wait, thread_id: threadId } = Query.parse(request.query);
    const body = parseMessageBody(request.body);
    const post = messages.create(
      channel,
      bots.of(channel),
      { ...body, nonce: undefined, enforceNonce: false },
      threadOf(channel, request, threadId),
    );
    return wait === 'true' ? view(channel, post) : reply.code(204).send();
  });

  app.get<AtMessage>(`${address}/messages/:message`, (request, reply) => {
    const { webhook: id, token, message } = request.params;
    const channel = admitWebhook(context, { id, token }, reply, discordLimits.read);
    const post = messages.get(message);
    if (post?.account !== channel.id) throw new RefusalError(unknownMessage());
    return view(channel, post);
  });

  app.patch<AtMessage>(`${address}/messages/:message`, (request, reply) => {
    const { channel, post } = writable(request, reply);
    return view(channel, messages.edit(post, parseMessageEdit(request.body)));
  });

  app.delete<AtMessage>(`${address}/messages/:message`, (request, reply) => {
    messages.remove(writable(request, reply).post);
    return reply.code(204).send();
  });

  /** One in a thread is named together with that. @throws {RefusalError} 404 */
  function writable(request: FastifyRequest<AtMessage>, reply: FastifyReply): { channel: Account; post: Post } {
    const { webhook: id, token, message } = request.params;
    const channel = admitWebhook(context, { id, token }, reply, discordLimits.create);
    const post = messages.get(message);
    if (post?.account !== channel.id) throw new RefusalError(unknownMessage());
    const { channel_id: channelId } = view(channel, post);
    const { thread_id: threadId = channel.id } = Query.parse(request.query);
    if (channelId !== threadId) throw new RefusalError(unknownMessage());
    return { channel, post };
  }

  /** @throws {RefusalError} 400 where a forum gets no thread, or another channel one */
  function threadOf(channel: Account, request: FastifyRequest, threadId: string | undefined): MessageThread {
    const given = Thread.safeParse(payloadIn(request.body));
    if (!given.success)
      throw new RefusalError(
        invalidForm([
          { path: ['thread_name'], code: 'BASE_TYPE_BAD_LENGTH', message: 'Must be between 1 and 100 in length.' },
        ]),
      );
    const { thread_name: title, applied_tags: tags } = given.data;
    if (threadId !== undefined) {
      if (messages.get(threadId)?.account !== channel.id) throw new RefusalError(unknownChannel());
      return { thread_id: threadId };
    }
    if (title === undefined && isForum(channel))
      throw new RefusalError(
        apiError(400, 220_001, 'Webhooks posted to forum channels must have a thread_name or thread_id'),
      );
    if (title === undefined) return {};
    if (!isForum(channel))
      throw new RefusalError(apiError(400, 220_003, 'Webhooks can only create threads in forum channels'));
    return { thread_name: title, ...(tags === undefined ? {} : { applied_tags: tags }) };
  }

  function view(channel: Account, post: Post) {
    const likes = context.sandbox.audience.ofPost(post).likes;
    const message = messageView(post, bots.of(channel), messages.detail(post.id), context.origin(), likes);
    return { ...message, webhook_id: channel.id };
  }
}

const Query = z.object({ wait: z.string().optional(), thread_id: z.string().optional() });
const Thread = z.object({
  thread_name: z.string().min(1).max(100).optional(),
  applied_tags: z
    .array(z.string().regex(/^\d{1,20}$/u))
    .max(5)
    .optional(),
});
