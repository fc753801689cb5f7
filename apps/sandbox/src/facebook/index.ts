import type { FastifyRequest } from 'fastify';
import { graphAnswers } from '../graph/answers.ts';
import { commentId, createComments } from '../graph/comments.ts';
import { newGraphId } from '../graph/number-ids.ts';
import { parametersOf, tokenOf } from '../graph/request-parameters.ts';
import { sendPostPage } from '../page/post-page.ts';
import type { Caller, PlatformDefinition, Site, SitePlace } from '../site.ts';
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

function openFacebook(place: SitePlace): Site {
  const { sandbox } = place;
  const people = createPeople(place);
  const tokens = createTokens(place);
  const parts: FacebookParts = {
    people,
    tokens,
    admission: createAdmission(place, people, tokens),
    posts: createPagePosts(place),
    photos: createPhotos(place),
    videos: createVideos(place),
    comments: createComments(place, 'facebook.comments', commentId),
  };

  const site: Site = {
    id: place.site,
    platform: place.platform,
    title: 'Facebook',
    origin: place.origin,
    answers: graphAnswers(useCase),
    identify: (request) => identify(place, parts, request),
    normalizeHandle: (handle) =>
      handle
        .trim()
        .replace(/^@/, '')
        .replace(/[^\p{L}\p{N}.]+/gu, '.')
        .replace(/^\.+|\.+$/g, ''),
    newAccountId: () =>
      newGraphId('10', 15, (id) => sandbox.accounts.byId(place.site, id) !== undefined || people.isTaken(id)),
    issueCredentials(page) {
      const consent = tokens.consent(people.runningAll([page]), allScopes);
      return { accessToken: tokens.ofPage(consent, page), refreshToken: tokens.issue(consent, 'long').value };
    },
    opens: ({ id, account, scope }) => opened(place, parts, { id, account, scope }),
    postUrl: (post) => postUrl(place, post.id),
    clearPosts: () => [
      ...parts.posts.clear(),
      ...parts.photos.clear(),
      ...parts.videos.clear(),
      ...parts.comments.clear(),
    ],
    routes(app) {
      oauthRoutes(app, site, place, parts);
      feedRoutes(app, place, parts);
      videoRoutes(app, place, parts);
      insightRoutes(app, place, parts);
      nodeRoutes(app, place, parts);
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
  { site, sandbox }: SitePlace,
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
  { sharing, sandbox, site }: SitePlace,
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
