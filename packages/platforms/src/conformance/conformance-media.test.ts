import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AdapterAccount } from '../port/account.ts';
import type { Credentials } from '../port/connect.ts';
import { accessOf } from '../connect/account-access.ts';
import { platformEndpoints } from '../endpoints.ts';
import { adapters } from '../registry.ts';
import { credentialsFor, opened } from '../testing/test-connect.ts';
import {
  fittingPicture,
  startMediaServer,
  testAnimation,
  testDocument,
  type TestMedia,
  testVideo,
} from '../testing/test-media.ts';
import { openTestClient, startPublication, type TestClient } from '../testing/test-platform.ts';
import { publishStopped, publishThrough, reachSend } from '../testing/test-publish.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
});
afterAll(() => sandbox[Symbol.asyncDispose]());

let server: Awaited<ReturnType<typeof startMediaServer>>;
beforeAll(async () => {
  server = await startMediaServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const withMedia = platformIds.filter((platform) => adapters[platform].rules.media.countMax > 0);

describe.each(withMedia)('%s', (platform) => {
  const adapter = adapters[platform];
  const rules = adapter.rules.media;
  let client: TestClient;
  beforeAll(() => {
    client = openTestClient(platform);
  });
  afterAll(() => client[Symbol.asyncDispose]());
  afterEach(() => sandbox.control('DELETE', '/_sandbox/faults'));

  const endpoints = () => platformEndpoints(platform, { sandboxUrl: sandbox.url, env: {} });

  async function connect(): Promise<{ account: AdapterAccount; credentials: Credentials }> {
    const made = await sandbox.makeAccount(platform);
    const credentials = credentialsFor(sandbox, platform, made);
    const grant = await adapter.manual?.connect({
      endpoints: endpoints(),
      http: client.http(),
      credentials,
      now: new Date(),
    });
    if (grant === undefined) throw new Error('the platform cannot be connected by hand');
    return opened(grant);
  }

  const start = (
    { account, credentials }: Awaited<ReturnType<typeof connect>>,
    media: readonly TestMedia[],
    { text = '', timeoutMs = 10_000 } = {},
  ) => {
    const content = { text, options: {}, media: media.map((item) => server.serve(item)) };
    const access = accessOf(credentials, account);
    return startPublication({ adapter, endpoints: endpoints(), client, account, ...access, content, timeoutMs });
  };
  const picture = (alt: string | null = null) => fittingPicture(rules, alt);

  const shown = async ({ account }: Awaited<ReturnType<typeof connect>>) => {
    const { items, commits } = await sandbox.posts(platform, account.externalId);
    return { commits, media: items.map((item) => item.media) };
  };
  const showsAlt = (kind: TestMedia['kind']) =>
    rules.altCharactersMax !== null && !(kind === 'video' && rules.video?.alt === false);
  const factsOf = ({ kind, bytes, sha256, alt }: TestMedia, _at: number, all: readonly TestMedia[]) => ({
    type: kind,
    bytes,
    sha256,
    alt: showsAlt(kind) ? (rules.altOnce === true ? all[0]?.alt : alt) : null,
  });
  const takesPicturesAlone = rules.image !== null && (rules.videosMin ?? 0) === 0;
  const kinds = [
    ...(!takesPicturesAlone
      ? []
      : ([
          [
            'as many pictures as it takes',
            () => Array.from({ length: rules.imagesMax }, (_, at) => picture(`Picture ${at + 1}`)),
          ],
        ] as const)),
    ...(rules.animation === null ? [] : [['an animation', () => [testAnimation('It moves')]] as const]),
    ...(rules.document ? ([['a document', () => [testDocument()]]] as const) : []),
    ...(rules.video === null ? [] : [['a video', () => [testVideo(9_000_000, 'A film')]] as const]),
  ] as const;

  test.each(kinds)('%s: shown in order, bit for bit, described', async (_what, make) => {
    const connected = await connect();
    const media = make();
    await publishThrough(sandbox, start(connected, media, { text: 'With media' }));
    expect(await shown(connected)).toEqual({
      commits: 1,
      media: [media.map((...each) => expect.objectContaining(factsOf(...each)))],
    });
  });

  test.each(kinds)('%s: stopped between every two steps, one post, and no file is sent twice', async (_what, make) => {
    const connected = await connect();
    const media = make();
    const publication = start(connected, media, { text: 'Stopped again and again' });
    await publishStopped(sandbox, publication);
    expect(await shown(connected)).toEqual({
      commits: 1,
      media: [media.map((...each) => expect.objectContaining(factsOf(...each)))],
    });
    expect(media.map(({ reads }) => reads.bytes)).toEqual(media.map(({ bytes }) => bytes));
  });

  test.runIf(takesPicturesAlone).each(['reset-after', 'error-after'])(
    'pictures without a text, in doubt after %s: the post is found',
    async (kind) => {
      const connected = await connect();
      const several = Array.from({ length: Math.min(2, rules.imagesMax) }, () => picture());
      const publication = start(connected, several, { timeoutMs: 2_000 });
      await reachSend(sandbox, publication);

      const { externalId: account } = connected.account;
      await sandbox.control('POST', '/_sandbox/faults', { platform, account, method: 'POST', times: 1, kind });
      await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
      const { items } = await sandbox.posts(platform, account);
      expect(items).toHaveLength(1);
      expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
    },
  );

  test.runIf(takesPicturesAlone)('another post of pictures without a text is not taken for ours', async () => {
    const connected = await connect();
    await publishThrough(sandbox, start(connected, [picture()]));
    const publication = start(connected, [picture()]);
    await publishThrough(sandbox, publication);
    const { items } = await sandbox.posts(platform, connected.account.externalId);
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
  });

  test('asks for nothing that the platform does not have', async () => {
    expect(await sandbox.control('GET', '/_sandbox/stats')).toMatchObject({ unknownRoutes: [] });
  });
});
