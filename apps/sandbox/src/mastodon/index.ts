import { builtInClient } from '../oauth/built-in-client.ts';
import { identifyCaller, shownIn } from '../oauth/identify-caller.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { PlatformDefinition, Site, SiteContext } from '../site.ts';
import { createSnowflake } from '../state/snowflake.ts';
import { mastodonAnswers } from './answers.ts';
import { appRoutes } from './app-routes.ts';
import { createApplications } from './applications.ts';
import { attachmentRoutes, pictureRoute } from './attachment-routes.ts';
import { createAttachments, defaultLimits, ownLimits } from './attachments.ts';
import { instanceRoutes } from './instance-route.ts';
import { oauthRoutes } from './oauth-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { createStatuses } from './statuses.ts';
import { issueToken } from './tokens.ts';

const sites = ['mastodon', 'mastodon2'] as const;

/** Mastodon, two instances of it: https://docs.joinmastodon.org */
export const mastodon: PlatformDefinition = {
  id: 'mastodon',
  title: 'Mastodon',
  prefix: null,
  sites,
  open: openMastodon,
};

function openMastodon(context: SiteContext): Site {
  const { sandbox } = context;
  const { accounts, posts, clock } = sandbox;
  const isFirst = context.site === sites[0];
  const title = isFirst ? 'Mastodon' : 'Mastodon, second instance';
  const limits = isFirst ? defaultLimits : ownLimits;
  const applications = createApplications(context);
  // Ids differ between the instances, so that reports about the platform can tell their posts and accounts apart.
  const idsOf = (has: (site: string, id: string) => boolean) =>
    createSnowflake({
      epochMs: 0,
      sequenceBits: 16,
      wallMs: clock.wallMs,
      isTaken: (id) => sites.some((each) => has(each, id)),
    });
  const newStatusId = idsOf((site, id) => posts.get(site, id) !== undefined);
  const attachments = createAttachments(context, limits);
  const statuses = createStatuses(context, attachments, newStatusId);

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title,
    origin: context.origin,
    answers: mastodonAnswers,
    identify: (request) => identifyCaller(context, shownIn(request, [])),
    normalizeHandle: (handle) => (handle.trim().replace(/^@/, '').split('@')[0] ?? '').replace(/[^A-Za-z0-9_]/g, '_'),
    newAccountId: idsOf((each, id) => accounts.byId(each, id) !== undefined),
    issueCredentials: (account) => ({
      accessToken: issueToken(sandbox, context.site, account.id, builtInClient.id, 'read write').access_token,
    }),
    postUrl: (post) => `${context.origin()}/@${accounts.byId(context.site, post.account)?.handle ?? ''}/${post.id}`,
    clearPosts: () => statuses.clear(),
    routes(app) {
      appRoutes(app, context, applications);
      oauthRoutes(app, site, context, applications);
      instanceRoutes(app, title, context, limits);
      statusRoutes(app, site, context, statuses, applications, attachments);
      attachmentRoutes(app, context, attachments);
      pictureRoute(app, attachments);
      app.get<{ Params: { id: string } }>('/@:handle/:id', { config: { page: true } }, (request, reply) =>
        sendPostPage(reply, site, sandbox, request.params.id),
      );
    },
  };
  return site;
}
