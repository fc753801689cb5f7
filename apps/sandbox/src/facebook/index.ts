import type { FastifyRequest } from 'fastify';
import { graphAnswers } from '../graph/answers.ts';
import { commentId, createComments } from '../graph/comments.ts';
import { newGraphId } from '../graph/number-ids.ts';
import { parametersOf, tokenOf } from '../graph/request-parameters.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SiteContext } from '../site.ts';
import { findAccount } from '../state/connect-account.ts';
import { createAdmission } from './admit.ts';
import { feedRoutes } from './feed-routes.ts';
import { insightRoutes } from './insight-routes.ts';
import { useCase } from './limits.ts';
import { nodeRoutes } from './node-routes.ts';
import { oauthRoutes } from './oauth-routes.ts';
import type { FacebookParts } from './parts.ts';
import { createPeople } from './people.ts';
import { createPhotos } from './photos.ts';
import { createPagePosts } from './posts.ts';
import { createTokens } from './tokens.ts';
import { videoRoutes } from './video-routes.ts';
import { createVideos } from './videos.ts';
import { postUrl } from './views.ts';

/** Facebook's pages in the Graph API. An account of the sandbox is a page; a person of its own runs it. */
export const facebook: PlatformDefinition = {
  id: 'facebook',
  title: 'Facebook',
  prefix: '/graph',
  sites: ['facebook'],
  open: openFacebook,
};

const allScopes = [
  'pages_show_list',
  'pages_read_engagement',
  'pages_manage_posts',
  'pages_manage_engagement',
  'pages_read_user_content',
  'read_insights',
  'publish_video',
].join(',');

function openFacebook(context: SiteContext): Site {
  const { sandbox } = context;
  const people = createPeople(context);
  const tokens = createTokens(context);
  const parts: FacebookParts = {
    people,
    tokens,
    admission: createAdmission(context, people, tokens),
    posts: createPagePosts(context),
    photos: createPhotos(context),
    videos: createVideos(context),
    comments: createComments(context, 'facebook.comments', commentId),
  };

  const site: Site = {
    id: context.site,
    platform: context.platform,
    title: 'Facebook',
    origin: context.origin,
    answers: graphAnswers(useCase),
    identify: (request) => identify(context, parts, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/, '')
        .replace(/[^\p{L}\p{N}.]+/gu, '.')
        .replace(/^\.+|\.+$/g, ''),
    newAccountId: () =>
      newGraphId('10', 15, (id) => sandbox.accounts.byId(context.site, id) !== undefined || people.isTaken(id)),
    issueCredentials(page) {
      const consent = tokens.consent(people.runningAll([page]), allScopes);
      return { accessToken: tokens.ofPage(consent, page), refreshToken: tokens.issue(consent, 'long').value };
    },
    opens: ({ id, account, scope }) => opened(context, parts, { id, account, scope }),
    postUrl: (post) => postUrl(context, post.id),
    clearPosts: () => [
      ...parts.posts.clear(),
      ...parts.photos.clear(),
      ...parts.videos.clear(),
      ...parts.comments.clear(),
    ],
    routes(app) {
      oauthRoutes(app, site, context, parts);
      feedRoutes(app, context, parts);
      videoRoutes(app, context, parts);
      insightRoutes(app, context, parts);
      nodeRoutes(app, context, parts);
      app.get<{ Params: { page: string; id: string } }>(
        '/:page/posts/:id',
        { config: { page: true } },
        (request, reply) => sendPostPage(reply, site, sandbox, `${request.params.page}_${request.params.id}`),
      );
    },
  };
  return site;
}

/** By the token, or by the code or token that is to be exchanged; a person stands for the first page that they run. */
function identify(
  { site, sandbox }: SiteContext,
  { people, tokens }: FacebookParts,
  request: FastifyRequest,
): Caller | undefined {
  const given = parametersOf(request);
  const pageOf = (person: string) => people.get(person)?.pages[0];
  const shown = given['fb_exchange_token'];
  const found = tokens.look(shown ?? tokenOf(request) ?? '');
  if (found.state !== 'unknown') {
    const own = found.grant.account ?? '';
    const account = sandbox.accounts.byId(site, own)?.id ?? pageOf(own);
    if (account === undefined) return undefined;
    return { account, grant: found.grant.id, use: shown === undefined ? 'access' : 'refresh' };
  }
  const code = given['code'] === undefined ? undefined : sandbox.codes.peek(site, given['code']);
  const account = code === undefined ? undefined : /"pages":\["(\d+)"/u.exec(code.account)?.[1];
  return account === undefined ? undefined : { account, grant: null, use: 'sign-in' };
}

/** Accounts of the neighbour under the names of this grant's pages, where the permission for them was given. */
function opened(
  { sharing, sandbox, site }: SiteContext,
  { people, tokens }: FacebookParts,
  grant: { id: string; account: string | null; scope: string },
): string[] {
  const [other] = sharing();
  if (other === undefined || !grant.scope.split(',').some((scope) => scope.startsWith('instagram_'))) return [];
  const page = sandbox.accounts.byId(site, grant.account ?? '');
  const person = people.get(grant.account ?? '');
  const chosen = person === undefined ? [] : tokens.pagesOf({ ...grant, site, client: '', revoked: false });
  const pages = page === undefined ? chosen.flatMap((id) => sandbox.accounts.byId(site, id) ?? []) : [page];
  return pages.flatMap(({ handle }) => findAccount(other, sandbox, handle)?.id ?? []);
}
