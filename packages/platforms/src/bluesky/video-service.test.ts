import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { platformEndpoints } from '../endpoints.ts';
import { PlatformError } from '../port/platform-error.ts';
import { credentialsFor, opened } from '../testing/test-connect.ts';
import { testVideo } from '../testing/test-media.ts';
import { openTestClient, PublisherStoppedError, startPublication, startRoutes } from '../testing/test-platform.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';
import { bluesky } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('bluesky');
afterAll(() => client[Symbol.asyncDispose]());

/** More than the account's server takes directly. */
const largeBytes = 50_000_001;

describe('against the sandbox', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox(process.execPath);
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());
  afterEach(() => sandbox.control('DELETE', '/_sandbox/faults'));

  async function start(media = testVideo(largeBytes, 'A long film')) {
    const made = await sandbox.makeAccount('bluesky');
    const endpoints = platformEndpoints('bluesky', { sandboxUrl: sandbox.url, env: {} });
    const credentials = credentialsFor(sandbox, 'bluesky', made);
    const grant = await bluesky.manual?.connect({ endpoints, http: client.http(), credentials, now: new Date() });
    if (grant === undefined) throw new Error('Bluesky cannot be connected by hand');
    const { account, credentials: secrets } = opened(grant);
    const content = { text: 'Long', options: {}, media: [media] };
    const publication = startPublication({
      adapter: bluesky,
      endpoints,
      client,
      account,
      accessToken: secrets.accessToken,
      content,
    });
    const shown = async () => (await sandbox.posts('bluesky', account.externalId)).items.map((item) => item.media);
    return { media, publication, shown };
  }

  /** One step after the other, for as long as it takes; the platform's time goes on while it is working. */
  async function publishStepwise({ publish }: Awaited<ReturnType<typeof start>>['publication']): Promise<void> {
    for (let stops = 0; stops < 50; stops += 1) {
      const end = await publish({ stepsMax: 1 }).catch((error: unknown) => error);
      if (!(end instanceof Error)) return;
      if (end instanceof PublisherStoppedError) continue;
      if (!(end instanceof PlatformError && end.kind === 'media_processing')) throw end;
      await sandbox.control('POST', '/_sandbox/clock', { advanceMs: 1_000 });
    }
    throw new Error('the service was never done');
  }

  test('a video of more than 50 MB is shown bit for bit, sent once however often the publisher stops, and no token is kept', async () => {
    const { media, publication, shown } = await start();
    await publishStepwise(publication);
    const { bytes, sha256 } = media;
    expect(await shown()).toEqual([[expect.objectContaining({ type: 'video', bytes, sha256, alt: 'A long film' })]]);
    expect(media.reads.bytes).toBe(bytes);
    expect(JSON.stringify(publication.results)).not.toMatch(/eyJ/u);
  });

  test.each([
    ['QuickTime', { mimeType: 'video/quicktime' }],
    ['WebM', { mimeType: 'video/webm' }],
    ['an MP4 of more than three minutes', { durationMs: 600_000 }],
  ])('%s goes by way of the service however small it is, and is shown as an MP4', async (_, kind) => {
    const { media, publication, shown } = await start(testVideo(10_000, 'A film', kind));
    await publishStepwise(publication);
    const [uploaded] = Object.values(publication.results);
    expect(uploaded).toHaveProperty('jobId');
    expect(JSON.stringify(publication.results)).toContain('"mimeType":"video/mp4"');
    expect(await shown()).toEqual([[expect.objectContaining({ type: 'video', sha256: media.sha256 })]]);
  });

  test('stopped when the video was there and nobody had written it down: the service knows it, and there is one post', async () => {
    const { publication, shown } = await start();
    await expect(publication.publish({ stepsMax: 1 })).rejects.toBeInstanceOf(PublisherStoppedError);
    const [uploaded] = Object.entries(publication.results);
    publication.forget(uploaded?.[0] ?? '');
    await publishStepwise(publication);
    expect(Object.entries(publication.results)).toContainEqual(uploaded);
    expect(await shown()).toHaveLength(1);
  });
});

describe('what the video service answers', () => {
  /** Of ten minutes, which the account's server does not take directly however small it is. */
  const longBytes = 10_000;
  const blob = { $type: 'blob', ref: { $link: 'bafkrei' }, mimeType: 'video/mp4', size: 5 };
  const auth = 'GET /xrpc/com.atproto.server.getServiceAuth';
  const upload = 'POST /xrpc/app.bsky.video.uploadVideo';
  const status = 'GET /xrpc/app.bsky.video.getJobStatus';
  const put = 'POST /xrpc/com.atproto.repo.putRecord';
  const job = { jobId: 'j1', did: 'did:plc:ada', state: 'JOB_STATE_CREATED' };
  const answers = {
    [auth]: () => ({ json: { token: 'service-token' } }),
    [upload]: () => ({ json: { jobStatus: job } }),
    [put]: () => ({ json: { uri: 'at://did:plc:ada/app.bsky.feed.post/x' } }),
  };
  const failed = (failureCode: string) => () => ({
    json: { jobStatus: { ...job, state: 'JOB_STATE_FAILED', failureCode, message: 'No good' } },
  });

  function publicationAt(origin: string) {
    return startPublication({
      adapter: bluesky,
      endpoints: testEndpoints({ api: origin, upload: origin }),
      client,
      account: { externalId: 'did:plc:ada', handle: 'ada', service: origin },
      accessToken: 'session-token',
      content: { text: 'Long', options: {}, media: [testVideo(longBytes, null, { durationMs: 600_000 })] },
    });
  }
  type Routes = Parameters<typeof startRoutes>[0];
  async function errorWith(routes: Routes): Promise<{ error: unknown; uploads: number }> {
    await using server = await startRoutes({ ...answers, ...routes });
    const error = await publicationAt(server.origin)
      .publish()
      .catch((thrown: unknown) => thrown);
    return { error, uploads: server.seen.filter(({ route }) => route === upload).length };
  }

  test('the service gets a token for this upload, never the account’s own', async () => {
    await using server = await startRoutes({ ...answers, [status]: () => ({ json: { jobStatus: { ...job, blob } } }) });
    await publicationAt(server.origin).publish();
    const [asked, sent, polled] = server.seen;
    expect(asked).toMatchObject({
      query: { aud: `did:web:127.0.0.1%3A${new URL(server.origin).port}`, lxm: 'com.atproto.repo.uploadBlob' },
    });
    expect(sent).toMatchObject({
      query: { did: 'did:plc:ada' },
      headers: {
        authorization: 'Bearer service-token',
        'content-type': 'video/mp4',
        'content-length': String(longBytes),
      },
    });
    expect(polled?.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toMatchObject({
      record: { embed: { $type: 'app.bsky.embed.video', video: blob } },
    });
  });

  test('a video it has processed before comes with its blob, whatever the state and the status', async () => {
    const known = { ...job, state: 'JOB_STATE_FAILED', error: 'already_exists', blob };
    await using server = await startRoutes({
      ...answers,
      [upload]: () => ({ status: 409, json: known }),
      [status]: () => ({ json: known }),
    });
    expect(await publicationAt(server.origin).publish()).toMatchObject({ kind: 'published' });
  });

  test.each(['validation_failure', 'pds_upload_unsupported_blob_size'])(
    '%s: said at once, and not tried again',
    async (code) => {
      const { error, uploads } = await errorWith({ [status]: failed(code) });
      expect(error).toMatchObject({ kind: 'content', platformCode: code, message: expect.stringContaining('No good') });
      expect(uploads).toBe(1);
    },
  );

  test('a failure of the service’s own: three uploads, then it is said', async () => {
    const { error, uploads } = await errorWith({ [status]: failed('generic_failure') });
    expect(error).toMatchObject({ kind: 'content', platformCode: 'generic_failure' });
    expect(uploads).toBe(3);
  });

  test('a token that it does not take leaves the account’s own alone', async () => {
    const { error } = await errorWith({
      [upload]: () => ({ status: 401, json: { error: 'AuthMissing', message: 'No' } }),
    });
    expect(error).toMatchObject({ kind: 'permission', platformCode: 'AuthMissing' });
  });

  test.each([
    [404, { error: 'XRPCNotSupported' }],
    [501, { error: 'MethodNotImplemented' }],
    [404, 'a page'],
  ])('where there is none (%i %j) it says so', async (code, json) => {
    const { error } = await errorWith({ [upload]: () => ({ status: code, json }) });
    expect(error).toMatchObject({
      kind: 'content',
      platformCode: 'video_service_unknown',
      message: expect.stringContaining('more than 50 MB'),
    });
  });

  test('a refusal is told in its own words, a limit with its wait', async () => {
    const said = { error: 'UploadLimitExceeded', message: 'Daily limit reached' };
    const { error } = await errorWith({ [upload]: () => ({ status: 400, json: said }) });
    expect(error).toMatchObject({
      kind: 'content',
      message: expect.stringMatching(/video service.*UploadLimitExceeded.*Daily limit reached/u),
    });
    const limited = await errorWith({
      [upload]: () => ({ status: 429, json: { error: 'RateLimitExceeded' }, headers: { 'retry-after': '9' } }),
    });
    expect(limited.error).toMatchObject({ kind: 'rate_limit', retryAfterMs: 9_000 });
  });
});
