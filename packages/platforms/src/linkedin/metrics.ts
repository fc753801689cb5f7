import { z } from 'zod';
import { readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callLinkedIn } from './api.ts';
import { isOrganization } from './members.ts';

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics and …/organizations/share-statistics, read 2026-11. */
const definitionVersion = '2026-04';
/** One request for each. */
const memberSources: readonly MetricSource[] = [
  ['IMPRESSION', 'impressions'],
  ['MEMBERS_REACHED', 'reach'],
  ['REACTION', 'reactions'],
  ['COMMENT', 'comments'],
  ['RESHARE', 'reposts'],
];
const organizationSources: readonly MetricSource[] = [
  ['impressionCount', 'impressions'],
  ['uniqueImpressionsCount', 'reach'],
  ['likeCount', 'reactions'],
  ['commentCount', 'comments'],
  ['shareCount', 'reposts'],
  ['clickCount', 'clicks'],
];
const memberFollowers: readonly MetricSource[] = [['memberFollowersCount', 'followers']];
const organizationFollowers: readonly MetricSource[] = [['firstDegreeSize', 'followers']];

/** Numbers are a day old: they are asked for once a day. */
export const linkedInMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: 365,
  postHoursMin: 24,

  readPosts: ({ posts, ...call }) =>
    readOneByOne(posts, ({ platformPostId: urn }) =>
      isOrganization(call.account.externalId) ? readOfOrganization(call, urn) : readOfMember(call, urn),
    ),

  async readAccount(call) {
    const { externalId } = call.account;
    if (isOrganization(externalId)) {
      const path = `/rest/networkSizes/${encodeURIComponent(externalId)}`;
      const size = await ask(call, path, { edgeType: 'COMPANY_FOLLOWED_BY_MEMBER' }, z.looseObject({}));
      return readingsIn(size, organizationFollowers, definitionVersion);
    }
    const { elements } = await ask(call, '/rest/memberFollowersCount', { q: 'me' }, Elements);
    return readingsIn(elements[0] ?? {}, memberFollowers, definitionVersion);
  },
};

const Elements = z.object({ elements: z.array(z.looseObject({})).max(100) });
const Totals = z.object({
  elements: z.array(z.object({ totalShareStatistics: z.looseObject({}) })).max(100),
});

/** A post that is named `urn:li:ugcPost` is asked for under that kind. */
function kindOf(urn: string): 'share' | 'ugcPost' {
  if (/^urn:li:share:\d{1,30}$/u.test(urn)) return 'share';
  if (/^urn:li:ugcPost:\d{1,30}$/u.test(urn)) return 'ugcPost';
  throw new PlatformError('not_found', 'This is not the name of a post', { platformCode: 'post_name' });
}

/** An answer without a number is one that has not been counted yet. */
async function readOfMember(call: AccountCall, urn: string): Promise<MetricReading[]> {
  const entity = `(${kindOf(urn)}:${encodeURIComponent(urn)})`;
  const counts: Record<string, unknown> = {};
  for (const [queryType] of memberSources) {
    const query = { q: 'entity', queryType, aggregation: 'TOTAL' };
    const { elements } = await ask(call, '/rest/memberCreatorPostAnalytics', query, Elements, `entity=${entity}`);
    counts[queryType] = elements[0]?.['count'];
  }
  return readingsIn(counts, memberSources, definitionVersion);
}

async function readOfOrganization(call: AccountCall, urn: string): Promise<MetricReading[]> {
  const list = `${kindOf(urn)}s=List(${encodeURIComponent(urn)})`;
  const query = { q: 'organizationalEntity', organizationalEntity: call.account.externalId };
  const { elements } = await ask(call, '/rest/organizationalEntityShareStatistics', query, Totals, list);
  return readingsIn(elements[0]?.totalShareStatistics ?? {}, organizationSources, definitionVersion);
}

function ask<Answer>(
  { endpoints, http, accessToken }: AccountCall,
  path: string,
  query: Readonly<Record<string, string>>,
  answer: z.ZodType<Answer>,
  restLiQuery = '',
): Promise<Answer> {
  const call = { endpoints, http, accessToken, method: 'GET', path, query, restLiQuery } as const;
  return callLinkedIn({ ...call, effect: 'read', answer });
}
