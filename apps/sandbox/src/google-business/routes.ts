import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { googleAnswers, insufficientScope, refuse, unauthenticated } from '../google/answers.ts';
import type { Together } from '../google/together.ts';
import type { Tokens } from '../google/tokens.ts';
import { fetchFile } from '../graph/fetch-file.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import { mediumOf, sizeOfImage } from '../uploads/received-file.ts';
import type { Account } from '../state/accounts.ts';
import type { PostMedium } from '../state/posts.ts';
import type { Draw } from '../state/rate-limits.ts';
import { invalidField, notFound, refusedAs } from './answers.ts';
import { editsByLocation, photoBytesMax, photoEdgeMin, queriesByApp } from './limits.ts';
import type { LocalPost, LocalPosts } from './local-posts.ts';
import { performanceOf, PerformanceQuery } from './performance.ts';
import { checkSummary, parsePostBody } from './post-body.ts';

export const manageScope = 'https://www.googleapis.com/auth/business.manage';

/** Locations that Google lets nobody post to through the API. */
const closedPrefix = 'closed';

/** Accounts, locations and their posts: https://developers.google.com/my-business/reference/rest */
export function businessRoutes(
  app: FastifyInstance,
  context: SiteContext,
  { tokens, together, posts }: { tokens: Tokens; together: Together; posts: LocalPosts },
): void {
  const { sandbox, site, platform } = context;

  app.get('/v1/accounts', (request) => {
    const { owner, locations } = admit(request);
    return {
      accounts: [{ name: `accounts/${owner}`, accountName: locations[0]?.displayName ?? '', type: 'PERSONAL' }],
    };
  });

  app.get<{ Params: { account: string } }>('/v1/accounts/:account/locations', (request) => {
    const { owner, locations } = admit(request);
    if (request.params.account !== owner) throw forbidden();
    const { readMask, pageSize, pageToken } = parse(LocationsQuery, request.query);
    const from = Number(pageToken ?? 0);
    const page = locations.slice(from, from + pageSize).map((location) => viewLocation(location, readMask));
    const isMore = from + pageSize < locations.length;
    return {
      locations: page,
      ...(isMore ? { nextPageToken: String(from + pageSize) } : {}),
      totalSize: locations.length,
    };
  });

  // Of a regular expression: the colon before the verb would begin a parameter.
  app.get<{ Params: { location: string } }>(
    '/v1/locations/:location(^\\d+)::fetchMultiDailyMetricsTimeSeries',
    (request) => {
      const { locations } = admit(request);
      const location = locations.find(({ id }) => id === request.params.location);
      if (location === undefined) throw notFound();
      return performanceOf(sandbox, location, parse(PerformanceQuery, request.query));
    },
  );

  app.get<{ Params: { location: string } }>('/v1/locations/:location(^\\d+$)', (request) => {
    const { locations } = admit(request);
    const { readMask } = parse(MaskQuery, request.query);
    const location = locations.find(({ id }) => id === request.params.location);
    if (location === undefined) throw notFound();
    return viewLocation(location, readMask);
  });

  app.post<AtLocation>('/v4/accounts/:account/locations/:location/localPosts', async (request) => {
    const location = locationOf(request);
    const body = parsePostBody(request.body);
    if (location.handle.startsWith(closedPrefix))
      throw refusedAs('LOCATION_DISABLED_FOR_LOCAL_POST_API', 'Local posts are disabled for this location.');
    if (body.media.some(({ mediaFormat }) => mediaFormat === 'VIDEO'))
      throw new RefusalError(googleAnswers.internalError());
    const media: PostMedium[] = [];
    for (const { sourceUrl } of body.media) media.push(await fetchPhoto(sourceUrl));
    draw([{ limit: editsByLocation, subject: location.id }]);
    return view(posts.create(location, parentOf(request), body, media));
  });

  app.get<AtLocation>(
    '/v4/accounts/:account/locations/:location/localPosts',
    { config: { listing: true } },
    (request) => {
      const location = locationOf(request);
      const { pageSize, pageToken } = parse(PageQuery, request.query);
      const all = posts.ofLocation(location.id, request.visit.listingLagMs);
      const from = Number(pageToken ?? 0);
      const isMore = from + pageSize < all.length;
      const page = all.slice(from, from + pageSize).map(view);
      return {
        ...(page.length === 0 ? {} : { localPosts: page }),
        ...(isMore ? { nextPageToken: String(from + pageSize) } : {}),
      };
    },
  );

  app.get<AtPost>('/v4/accounts/:account/locations/:location/localPosts/:post', (request) => view(postOf(request)));

  app.patch<AtPost>('/v4/accounts/:account/locations/:location/localPosts/:post', (request) => {
    const local = postOf(request);
    const { updateMask } = parse(z.object({ updateMask: z.literal('summary') }), request.query);
    const body = parse(z.record(z.string(), z.unknown()), request.body);
    const summary = z.string().catch('').parse(body[updateMask]);
    checkSummary(summary);
    draw([{ limit: editsByLocation, subject: local.location }]);
    return view(posts.edit(local, summary));
  });

  app.delete<AtPost>('/v4/accounts/:account/locations/:location/localPosts/:post', (request) => {
    posts.remove(postOf(request));
    return {};
  });

  function admit(request: FastifyRequest): { owner: string; locations: readonly Account[] } {
    const found = tokens.look(bearerToken(request.headers.authorization) ?? '');
    if (found.state !== 'valid' || found.token.use !== 'access') throw refuse(unauthenticated);
    if (!found.grant.scope.split(' ').includes(manageScope)) throw refuse(insufficientScope);
    draw([{ limit: queriesByApp, subject: 'app' }]);
    const first = found.grant.account ?? '';
    return { owner: ownerOf(first), locations: together.openedBy(first) };
  }

  function draw(draws: readonly Draw[]): void {
    const exceeded = sandbox.limits.draw(platform, draws).find((state) => state.exceeded);
    if (exceeded === undefined) return;
    const { max, resetAtMs } = exceeded;
    throw new RefusalError(googleAnswers.rateLimited({ max, resetAtMs, nowMs: sandbox.clock.wallMs() }));
  }

  function locationOf(request: FastifyRequest<AtLocation>): Account {
    const { owner, locations } = admit(request);
    if (request.params.account !== owner) throw forbidden();
    const location = locations.find(({ id }) => id === request.params.location);
    if (location === undefined)
      throw sandbox.accounts.byId(site, request.params.location) === undefined ? notFound() : forbidden();
    return location;
  }

  function postOf(request: FastifyRequest<AtPost>): LocalPost {
    const location = locationOf(request);
    const local = posts.get(`${parentOf(request)}/localPosts/${request.params.post}`);
    if (local === undefined || local.location !== location.id) throw notFound();
    return local;
  }

  function view(local: LocalPost) {
    const { name, body, createTime, updateTime } = local;
    return {
      name,
      ...body,
      state: posts.stateOf(local),
      createTime,
      updateTime,
      searchUrl: `${context.origin()}/post?${new URLSearchParams({ name }).toString()}`,
    };
  }
}

type AtLocation = { Params: { account: string; location: string } };
type AtPost = { Params: { account: string; location: string; post: string } };

/** The account that a person's locations are in, by the first of them. */
function ownerOf(location: string): string {
  return BigInt(`0x1${createHash('sha256').update(location).digest('hex').slice(0, 11)}`).toString();
}

function parentOf({ params }: FastifyRequest<AtLocation>): string {
  return `accounts/${params.account}/locations/${params.location}`;
}

/** @throws {RefusalError} 400 */
async function fetchPhoto(url: string): Promise<PostMedium> {
  const file = await fetchFile(url);
  const size = file === null ? undefined : sizeOfImage(file.head);
  if (file === null || size === undefined || !['jpg', 'png'].includes(size.type))
    throw refusedAs('PHOTO_FETCH_FAILED', 'The photo could not be fetched.');
  if (file.bytes > photoBytesMax || Math.min(size.width, size.height) < photoEdgeMin)
    throw invalidField('media.source_url', 'Photos have up to 5 MB and 250 pixels or more on each side.');
  return mediumOf(file, null);
}

function viewLocation({ id, displayName, handle }: Account, readMask: string) {
  const all = { title: displayName, metadata: { canOperateLocalPost: !handle.startsWith(closedPrefix) } };
  const names = readMask.split(',');
  return {
    name: `locations/${id}`,
    ...Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
  };
}

function forbidden(): RefusalError {
  return new RefusalError(googleAnswers.forbidden());
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const name = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  throw invalidField(name, parsed.error.issues[0]?.message ?? 'is not valid');
}

const MaskQuery = z.object({ readMask: z.string().min(1) });
const PageQuery = z.object({
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  pageToken: z.string().regex(/^\d+$/u).optional(),
});
const LocationsQuery = PageQuery.extend({ readMask: z.string().min(1) });
