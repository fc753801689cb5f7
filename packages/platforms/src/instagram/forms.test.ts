import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import type { ConnectedGrant } from '../port/connect.ts';
import { type ConformanceStage, failureOf, openConformanceStage, publishedPart } from '../testing/test-conformance.ts';
import { opened } from '../testing/test-connect.ts';
import { type TestMedia, testPhoto, testVideo } from '../testing/test-media.ts';
import { startPublication } from '../testing/test-platform.ts';
import { publishStopped, publishThrough, reachSend } from '../testing/test-publish.ts';
import { instagram } from './index.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

interface Content {
  readonly text: string;
  readonly options: Record<string, unknown>;
  readonly media: TestMedia[];
}

function startAs({ account, credentials }: ReturnType<typeof opened>, { media, ...content }: Content) {
  const { endpoints, client } = stage.on('instagram');
  const publication = startPublication({
    adapter: instagram,
    endpoints,
    client,
    account,
    ...accessOf(credentials, account),
    content: { ...content, media: media.map((item) => stage.media.serve(item)) },
    timeoutMs: 2_000,
  });
  return {
    publication,
    visible: () => stage.sandbox.posts('instagram', account.externalId),
    breakNext: (kind: string) =>
      stage.sandbox.control('POST', '/_sandbox/faults', {
        platform: 'instagram',
        account: account.externalId,
        method: 'POST',
        times: 1,
        kind,
      }),
  };
}

const start = async (content: Content) => startAs(await stage.on('instagram').connectByHand(), content);

const tall = { width: 900, height: 1_600 };
const forms: [string, () => Content][] = [
  [
    'a picture',
    () => ({ text: 'One', options: { userTags: [{ username: 'bob', x: 0.5, y: 0.5 }] }, media: [testPhoto('A')] }),
  ],
  [
    'a carousel of pictures and a video',
    () => ({ text: 'Mixed', options: {}, media: [testPhoto('A'), testVideo(2_000_000), testPhoto('C')] }),
  ],
  ['a reel', () => ({ text: 'Reel', options: { postAs: 'reel', shareToFeed: true }, media: [testVideo(7_000_000)] })],
  ['a story of a picture', () => ({ text: '', options: { postAs: 'story' }, media: [testPhoto(null, tall)] })],
  ['a story of a video', () => ({ text: '', options: { postAs: 'story' }, media: [testVideo(2_000_000)] })],
];

test.each(forms)(
  '%s, stopped between every two steps: there once, its files fetched or sent once',
  async (_what, content) => {
    const given = content();
    const { publication, visible } = await start(given);
    const { platformPostId } = publishedPart(await publishStopped(stage.sandbox, publication));
    const { items, commits } = await visible();
    expect({ commits, items }).toMatchObject({ commits: 1, items: [{ id: platformPostId, text: given.text }] });
    expect(items[0]?.media).toMatchObject(given.media.map(({ sha256, bytes }) => ({ sha256, bytes })));
    expect(given.media.map(({ reads }) => reads.bytes)).toEqual(given.media.map(({ bytes }) => bytes));
  },
);

test.each(
  forms.flatMap(([what, content]) =>
    ['reset-after', 'error-after', 'timeout-after'].map((kind) => [what, kind, content] as const),
  ),
)('%s, in doubt after %s, is found', async (_what, kind, content) => {
  const { publication, visible, breakNext } = await start(content());
  await reachSend(stage.sandbox, publication);
  await breakNext(kind);
  expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
  const { items, commits } = await visible();
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
  expect(commits).toBe(1);
});

test('published, and not listed for a while, it is waited for and not sent again', async () => {
  const { publication, visible, breakNext } = await start({ text: 'Lagging', options: {}, media: [testPhoto()] });
  await reachSend(stage.sandbox, publication);
  await breakNext('reset-after');
  await stage.sandbox.control('POST', '/_sandbox/faults', {
    platform: 'instagram',
    kind: 'listing-lag',
    delayMs: 60_000,
  });
  expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
  expect(await publication.reconcile()).toMatchObject({ kind: 'inconclusive' });
  await stage.sandbox.control('DELETE', '/_sandbox/faults');
  const { items } = await visible();
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
});

test('containers that expired before they were sent are made anew', async () => {
  const { publication, visible } = await start({ text: 'Late', options: {}, media: [testPhoto('A'), testPhoto('B')] });
  await reachSend(stage.sandbox, publication);
  await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 25 * 3_600_000 });
  const now = new Date(Date.now() + 25 * 3_600_000);
  expect(await publishThrough(stage.sandbox, publication, { now })).toMatchObject({ kind: 'published' });
  expect(await visible()).toMatchObject({ commits: 1, items: [{ media: [{ alt: 'A' }, { alt: 'B' }] }] });
});

test('an account that has posted as often as Instagram allows waits, and goes out when there is room', async () => {
  const connected = await stage.on('instagram').connectByHand();
  await stage.sandbox.control('PUT', '/_sandbox/limits', { platform: 'instagram', scale: 0.01 });
  const first = startAs(connected, { text: 'First', options: {}, media: [testPhoto()] });
  await publishThrough(stage.sandbox, first.publication);
  const second = startAs(connected, { text: 'Second', options: {}, media: [testPhoto()] });
  expect(await failureOf(publishThrough(stage.sandbox, second.publication))).toMatchObject({
    kind: 'quota',
    retryAfterMs: 3_600_000,
  });
  await stage.sandbox.control('PUT', '/_sandbox/limits', { platform: 'instagram', scale: 1 });
  expect(await publishThrough(stage.sandbox, second.publication)).toMatchObject({ kind: 'published' });
});

describe('an account that was connected through its page', () => {
  async function connectByPage(): Promise<ReturnType<typeof opened>> {
    const { endpoints, http } = stage.on('instagram');
    const handle = stage.sandbox.newHandle();
    const server = 'https://www.facebook.com';
    const consent = await stage.sandbox.consent({
      adapter: instagram,
      endpoints,
      http: http(),
      server,
      handle,
      codeVerifier: 'v',
    });
    const grant: ConnectedGrant | undefined = await instagram.oauth?.exchange({
      ...consent,
      endpoints,
      http: http(),
      codeVerifier: 'v',
      now: new Date(),
    });
    if (grant === undefined) throw new Error('no grant');
    expect(grant.accounts).toMatchObject([{ handle }]);
    return opened(grant);
  }

  test('posts with its page’s token, and comments below', async () => {
    const connected = await connectByPage();
    const { publication, visible } = startAs(connected, {
      text: 'Through the page',
      options: {},
      media: [testPhoto()],
    });
    expect(await publishThrough(stage.sandbox, publication)).toMatchObject({ kind: 'published' });
    expect(await visible()).toMatchObject({ commits: 1, items: [{ text: 'Through the page' }] });
  });

  test('whose page’s token was ended gets a new one by its person', async () => {
    const { account, credentials } = await connectByPage();
    const { endpoints, http } = stage.on('instagram');
    await stage.sandbox.control('POST', '/_sandbox/tokens/expire', { platform: 'facebook', account: account.handle });
    const { publication } = startAs({ account, credentials }, { text: 'Ended', options: {}, media: [testPhoto()] });
    expect((await failureOf(publication.publish())).kind).toBe('auth_expired');
    const renewed = await instagram.refresh?.refresh({
      endpoints,
      http: http(),
      account,
      credentials,
      now: new Date(),
    });
    if (renewed === undefined) throw new Error('no credentials');
    const again = startAs({ account, credentials: renewed }, { text: 'Renewed', options: {}, media: [testPhoto()] });
    expect(await publishThrough(stage.sandbox, again.publication)).toMatchObject({ kind: 'published' });
  });
});
