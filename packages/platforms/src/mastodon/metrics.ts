import { z } from 'zod';
import { readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, VisiblePart } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callMastodon, instanceOf } from './api.ts';
import { habitsOf } from './software.ts';

/** As the instance knows them: what was done elsewhere may have been told to it or not. https://docs.joinmastodon.org/entities/Status/, read 2026-11. */
const definitionVersion = '2026-11';
const postSources: readonly MetricSource[] = [
  ['favourites_count', 'reactions'],
  ['replies_count', 'comments'],
  ['reblogs_count', 'reposts'],
];
/** From Mastodon 4.5 on. */
const quotes: MetricSource = ['quotes_count', 'quotes'];
const accountSources: readonly MetricSource[] = [
  ['followers_count', 'followers'],
  ['following_count', 'following'],
  ['statuses_count', 'posts'],
];

export const mastodonMetrics: MetricsSupport = {
  postsPerRequest: 20,
  postDaysMax: null,

  async readPosts({ posts, ...call }) {
    const together = await readTogether(call, posts);
    return (
      together ?? (await readOneByOne(posts, async ({ platformPostId: id }) => readingsOf(await readOne(call, id))))
    );
  },

  async readAccount(call) {
    const path = `/api/v1/accounts/${encodeURIComponent(call.account.externalId)}`;
    return readingsIn(await ask(call, path, z.looseObject({})), accountSources, definitionVersion);
  },
};

const Status = z.looseObject({ id: z.string() });

/** From Mastodon 4.3 on; null where the server does not know it. Others that speak the API may take it for another request. */
async function readTogether(
  call: AccountCall,
  posts: readonly VisiblePart[],
): Promise<Map<string, readonly MetricReading[]> | null> {
  if (!habitsOf(call.account.serverRules?.software).keepsText) return null;
  const query = new URLSearchParams(
    posts.map(({ platformPostId }): [string, string] => ['id[]', platformPostId]),
  ).toString();
  try {
    const found = await ask(call, `/api/v1/statuses?${query}`, z.array(Status).max(100));
    return new Map(found.map((status) => [status.id, readingsOf(status)]));
  } catch (error) {
    if (error instanceof PlatformError && unknownRoute.has(error.platformCode)) return null;
    throw error;
  }
}

const unknownRoute: ReadonlySet<string> = new Set(['http_404', 'http_405']);

function readOne(call: AccountCall, id: string): Promise<z.infer<typeof Status>> {
  return ask(call, `/api/v1/statuses/${encodeURIComponent(id)}`, Status);
}

function readingsOf(status: Readonly<Record<string, unknown>>): MetricReading[] {
  const sources = Object.hasOwn(status, quotes[0]) ? [...postSources, quotes] : postSources;
  return readingsIn(status, sources, definitionVersion);
}

function ask<Answer>(
  { http, account, accessToken }: AccountCall,
  path: string,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const instance = instanceOf(account);
  return callMastodon({ http, instance, accessToken, method: 'GET', path, effect: 'read', answer });
}
