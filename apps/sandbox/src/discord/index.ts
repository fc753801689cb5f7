import type { FastifyRequest } from 'fastify';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { botToken, webhookToken } from './admit.ts';
import { discordAnswers } from './answers.ts';
import { createBots } from './bots.ts';
import { createMessages } from './messages.ts';
import { botRoutes } from './routes.ts';
import { guild } from './views.ts';
import { webhookRoutes } from './webhook-routes.ts';

/** Discord, its API for bots. An account of the sandbox is a channel; its access token is that of a bot in it. */
export const discord: PlatformDefinition = {
  id: 'discord',
  title: 'Discord',
  prefix: '/discord',
  sites: ['discord'],
  open: openDiscord,
};

const discordEpochMs = 1_420_070_400_000;

function openDiscord(context: SiteContext): Site {
  const { sandbox } = context;
  const newId = createSnowflake({
    epochMs: discordEpochMs,
    sequenceBits: 22,
    wallMs: sandbox.clock.wallMs,
    isTaken: (id) =>
      sandbox.accounts.byId(context.site, id) !== undefined || sandbox.posts.get(context.site, id) !== undefined,
  });
  const bots = createBots(context, newId);
  const messages = createMessages(context, newId);

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Discord',
    origin: context.origin,
    answers: discordAnswers,
    identify: (request) => identify(context, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_-]+/gu, '-')
        .replace(/^-+|-+$/g, ''),
    newAccountId: newId,
    issueCredentials(channel) {
      const accessToken = bots.issueToken(channel);
      const webhook = `${context.origin()}/api/webhooks/${channel.id}/${bots.issueWebhookToken(channel)}`;
      return { accessToken, botToken: accessToken, channelId: channel.id, webhook };
    },
    postUrl: (post) => `${context.origin()}/channels/${guild.id}/${post.account}/${post.id}`,
    clearPosts: () => messages.clear(),
    routes(app) {
      botRoutes(app, context, bots, messages);
      webhookRoutes(app, context, bots, messages);
      app.get<{ Params: { id: string } }>(
        '/attachments/:channel/:id/:name',
        { config: { page: true } },
        async (request, reply) => {
          const { id } = request.params;
          const file = /^\d{1,20}$/u.test(id) ? await messages.fileOf(id) : undefined;
          if (file === undefined)
            return reply.code(404).type('text/plain').send('This content is no longer available.');
          return reply
            .headers({ 'content-type': file.contentType, 'x-content-type-options': 'nosniff' })
            .send(file.bytes);
        },
      );
      app.get<{ Params: { id: string } }>(
        '/channels/:guild/:channel/:id',
        { config: { page: true } },
        (request, reply) => sendPostPage(reply, site, sandbox, request.params.id),
      );
    },
  };
  return site;
}

function identify({ site, sandbox }: SiteContext, request: FastifyRequest): Caller | undefined {
  const found = sandbox.grants.look(
    site,
    botToken(request.headers.authorization) ?? webhookToken(request.url) ?? '',
    sandbox.clock.nowMs(),
  );
  if (found.state === 'unknown' || found.grant.account === null) return undefined;
  return { account: found.grant.account, grant: found.grant.id, use: 'access' };
}
