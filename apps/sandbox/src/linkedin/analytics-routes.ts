import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Post } from '../state/posts.ts';
import { parse } from './asset-routes.ts';
import { accessDenied, invalidInput, notFound } from './answers.ts';
import type { LinkedInCaller } from './admit.ts';
import type { LinkedInParts } from './parts.ts';

/** Numbers are those of a day ago. */
const lateMs = 24 * 3_600_000;
const mayReadShares = { person: [], organization: ['rw_organization_admin'] };

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics and its neighbours. */
export function analyticsRoutes(app: FastifyInstance, { sandbox }: SiteContext, parts: LinkedInParts): void {
  const { admission, members, posts } = parts;
  const { audience } = sandbox;

  app.get('/rest/memberCreatorPostAnalytics', (request) => {
    const caller = withScope(request, 'r_member_postAnalytics');
    const { entity, queryType } = parse(PostAnalytics, request.query);
    const post = ownPost(caller.person.id, entity);
    const { likes, comments, shares, views, reach } = audience.ofPost(post, lateMs);
    const counts = { IMPRESSION: views, MEMBERS_REACHED: reach, REACTION: likes, COMMENT: comments, RESHARE: shares };
    const metricType = { 'com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1': queryType };
    const targetEntity = { [/^urn:li:(\w+):/u.exec(post.id)?.[1] ?? 'share']: post.id };
    const elements = audience.isCounted(post, lateMs) ? [{ count: counts[queryType], metricType, targetEntity }] : [];
    return { elements, paging: { start: 0, count: 10, links: [] } };
  });

  app.get('/rest/memberFollowersCount', (request) => {
    const caller = withScope(request, 'r_member_profileAnalytics');
    parse(z.object({ q: z.literal('me') }), request.query);
    return {
      elements: [{ memberFollowersCount: audience.followers(caller.person) }],
      paging: { start: 0, count: 10, links: [] },
    };
  });

  app.get<{ Params: { urn: string } }>('/rest/networkSizes/:urn', (request) => {
    const caller = admission.versioned(request);
    parse(z.object({ edgeType: z.literal('COMPANY_FOLLOWED_BY_MEMBER') }), request.query);
    const { urn } = request.params;
    if (!members.isOrganization(urn)) throw notFound(urn);
    return { firstDegreeSize: audience.followers(caller.as(urn, 'organization', mayReadShares)) };
  });

  app.get('/rest/organizationalEntityShareStatistics', (request) => {
    const caller = admission.versioned(request);
    const { organizationalEntity: urn, shares, ugcPosts } = parse(ShareStatistics, request.query);
    const organization = caller.as(urn, 'organizationalEntity', mayReadShares);
    const wanted = [...(shares ?? []), ...(ugcPosts ?? [])];
    const found = wanted.flatMap((id) => posts.get(id) ?? []).filter((post) => post.account === organization.id);
    const elements = found.filter((post) => audience.isCounted(post, lateMs)).map((post) => shareStatistics(urn, post));
    return { elements, paging: { start: 0, count: 10, links: [], total: elements.length } };
  });

  function shareStatistics(organizationalEntity: string, post: Post) {
    const { likes, comments, shares, views, reach, clicks } = audience.ofPost(post, lateMs);
    return {
      organizationalEntity,
      [/^urn:li:(\w+):/u.exec(post.id)?.[1] ?? 'share']: post.id,
      totalShareStatistics: {
        impressionCount: views,
        uniqueImpressionsCount: reach,
        clickCount: clicks,
        likeCount: likes,
        commentCount: comments,
        shareCount: shares,
        engagement: views === 0 ? 0 : (clicks + likes + comments + shares) / views,
      },
    };
  }

  function withScope(request: FastifyRequest, scope: string): LinkedInCaller {
    const caller = admission.versioned(request);
    if (!caller.scopes.includes(scope)) throw accessDenied(scope);
    return caller;
  }

  /** `(share:urn%3Ali%3Ashare%3A1)`, in Rest.li's notation. */
  function ownPost(person: string, entity: string): Post {
    const urn = /^\((?:share|ugcPost|ugc):(urn:li:(?:share|ugcPost):\d+)\)$/u.exec(decodeURIComponent(entity))?.[1];
    if (urn === undefined) throw invalidInput('INVALID_URN_TYPE', 'must be (share:urn) or (ugc:urn)', 'entity');
    const post = posts.get(urn);
    if (post === undefined) throw notFound(urn);
    if (post.account !== person) throw accessDenied(urn);
    return post;
  }
}

const PostAnalytics = z.strictObject({
  q: z.literal('entity'),
  entity: z.string(),
  queryType: z.enum(['IMPRESSION', 'MEMBERS_REACHED', 'REACTION', 'COMMENT', 'RESHARE']),
  aggregation: z.enum(['TOTAL', 'DAILY']),
});

const UrnList = z
  .string()
  .regex(/^List\(.+\)$/u)
  .transform((list) => list.slice('List('.length, -1).split(',').map(decodeURIComponent))
  .optional();
const ShareStatistics = z.strictObject({
  q: z.literal('organizationalEntity'),
  organizationalEntity: z.string(),
  shares: UrnList,
  ugcPosts: UrnList,
});
