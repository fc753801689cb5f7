import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformAdapter } from '../port/adapter.ts';
import { adapters } from '../registry.ts';
import { type ConformanceStage, openConformanceStage, publishedPart } from '../testing/test-conformance.ts';
import { opened } from '../testing/test-connect.ts';
import { publishThrough } from '../testing/test-publish.ts';

/** Accounts whose people left out the one permission that numbers need. */
let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** The post is made by who may do everything; the numbers are asked for by a consent without this scope. */
async function readWithout(platform: PlatformId, scope: string) {
  const adapter = adapters[platform];
  const on = stage.on(platform);
  const { metrics, oauth } = adapter;
  if (metrics === undefined || oauth === undefined) throw new Error('no numbers');
  const full = await on.connectByHand();
  const post = publishedPart(await publishThrough(stage.sandbox, on.publicationOf(full, `of ${platform}`)));
  const numbers = { likes: 41, comments: 17, shares: 5, followers: 1_234 };
  const { account: made } = full.made;
  await stage.sandbox.control('POST', '/_sandbox/audience', {
    platform,
    account: made.id,
    post: post.platformPostId,
    ...numbers,
  });
  const { endpoints } = on;
  const codeVerifier = 'v'.repeat(43);
  const asked = { adapter: without(adapter, scope), endpoints, http: on.http(), handle: made.handle, codeVerifier };
  const answer = await stage.sandbox.consent(asked);
  const grant = await oauth.exchange({ ...answer, endpoints, http: on.http(), codeVerifier, now: new Date() });
  const { account, credentials } = opened(grant);
  const call = { endpoints, http: on.http(), account, ...accessOf(credentials, account), now: new Date() };
  const denied: PlatformError[] = [];
  const found = await metrics
    .readPosts({ ...call, posts: [post], onDenied: (error) => void denied.push(error) })
    .catch((error: unknown) => error);
  return {
    denied: denied.map(({ kind, message }) => `${kind}: ${message}`),
    refused: found instanceof PlatformError ? found.kind : null,
    values: found instanceof Map ? valuesOf(found.get(post.platformPostId)) : {},
    scopes: credentials.scopes,
  };
}

function without(adapter: PlatformAdapter, scope: string): PlatformAdapter {
  const { oauth } = adapter;
  if (oauth === undefined) return adapter;
  return {
    ...adapter,
    oauth: {
      ...oauth,
      async begin(request) {
        const begun = await oauth.begin(request);
        const url = new URL(begun.authorizationUrl);
        const all = url.searchParams.get('scope') ?? '';
        const separator = all.includes(',') ? ',' : ' ';
        const names = all.split(separator);
        if (!names.includes(scope)) throw new Error(`${scope} is not asked for`);
        url.searchParams.set('scope', names.filter((name) => name !== scope).join(separator));
        return { ...begun, authorizationUrl: url.href };
      },
    },
  };
}

function valuesOf(readings: readonly { readonly metric: string; readonly value: number | null }[] = []) {
  return Object.fromEntries(readings.map(({ metric, value }) => [metric, value]));
}

test('Facebook without read_insights tells what the page may read; the rest is null, with the reason', async () => {
  const { values, denied, scopes } = await readWithout('facebook', 'read_insights');
  expect(values).toEqual({ reactions: 41, comments: 17, shares: 5, views: null, reach: null, clicks: null });
  expect(denied).toEqual([expect.stringMatching(/^permission: .*read_insights/u)]);
  expect(scopes).not.toContain('read_insights');
});

test('YouTube without the scope of its analytics tells what the Data API has; the time watched is null', async () => {
  const { values, denied } = await readWithout('youtube', 'https://www.googleapis.com/auth/yt-analytics.readonly');
  expect(values).toMatchObject({ reactions: 41, comments: 17, engagedViews: null, watchTimeMs: null, shares: null });
  expect(denied).toEqual([expect.stringMatching(/^permission: .*yt-analytics\.readonly/u)]);
});

test.each([
  ['instagram', 'instagram_business_manage_insights'],
  ['threads', 'threads_manage_insights'],
  ['linkedin', 'r_member_postAnalytics'],
  ['tiktok', 'video.list'],
] as const)('%s without %s gives no number, for want of a permission', async (platform, scope) => {
  expect(await readWithout(platform, scope)).toMatchObject({ refused: 'permission', values: {} });
});
