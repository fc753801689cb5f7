import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterAccount, ServerRules } from '../port/account.ts';
import type { MediaItem } from '../port/content.ts';
import { mediaRulesFor } from '../content/media-rules-for.ts';
import { PlatformError } from '../port/platform-error.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { bluesky } from './index.ts';

const client = openTestClient('bluesky');
afterAll(() => client[Symbol.asyncDispose]());

const did = 'did:plc:abc';
const upload = 'POST /xrpc/com.atproto.repo.uploadBlob';
const put = 'POST /xrpc/com.atproto.repo.putRecord';

function fileOf(bytes: number, kind: 'image' | 'video' = 'image'): MediaItem {
  const content = Buffer.alloc(bytes, 1);
  return {
    id: 'm',
    url: null,
    kind,
    mimeType: kind === 'image' ? 'image/jpeg' : 'video/mp4',
    bytes,
    sha256: bytes.toString(16).padStart(64, '0'),
    width: 10,
    height: 10,
    durationMs: kind === 'image' ? null : 1_000,
    alt: null,
    async *read() {
      yield content;
    },
  };
}

function publicationOf(origin: string, media: MediaItem[], serverRules?: ServerRules) {
  const account: AdapterAccount = {
    externalId: did,
    handle: 'ada.test',
    service: origin,
    ...(serverRules === undefined ? {} : { serverRules }),
  };
  return startPublication({
    adapter: bluesky,
    endpoints: testEndpoints({ upload: origin }),
    client,
    account,
    accessToken: 'token',
    content: { text: 'Look', options: {}, media },
  });
}

const blobOf = (size: number) => ({ $type: 'blob', ref: { $link: 'bafk' }, mimeType: 'image/jpeg', size });
const taken = { [put]: () => ({ json: { uri: `at://${did}/app.bsky.feed.post/3k` } }) };
const uploads = (limit: number, refusal: { status: number; json: unknown }) => ({
  [upload]: ({ body }: { body: string }) => (body.length > limit ? refusal : { json: { blob: blobOf(body.length) } }),
});

async function failureOf(call: Promise<unknown>): Promise<PlatformError> {
  const error = await call.catch((thrown: unknown) => thrown);
  if (!(error instanceof PlatformError)) throw new Error('it did not fail', { cause: error });
  return error;
}

describe('a server with a smaller limit', () => {
  test.each([
    ['its own 413', { status: 413, json: { error: 'PayloadTooLarge', message: 'request entity too large' } }],
    ['that of a server in front of it', { status: 413, json: '<html>413 Request Entity Too Large</html>' }],
    [
      'the answer of an older one',
      { status: 400, json: { error: 'BlobTooLarge', message: 'This file is too large.' } },
    ],
  ])('%s teaches that pictures have to be smaller, and smaller ones go out', async (_what, refusal) => {
    await using server = await startRoutes({ ...taken, ...uploads(1_000_000, refusal) });
    const failure = await failureOf(publicationOf(server.origin, [fileOf(1_500_000)]).publish());
    expect(failure).toMatchObject({ kind: 'content', learnedRules: { media: { imageBytesMax: 1_000_000 } } });
    const rules = failure.learnedRules ?? undefined;
    expect(
      mediaRulesFor(bluesky, { account: rules === undefined ? {} : { serverRules: rules }, options: {} }).image,
    ).toMatchObject({
      bytesMax: 1_000_000,
    });
    expect(await publicationOf(server.origin, [fileOf(900_000)], rules).publish()).toMatchObject({ kind: 'published' });
  });

  test('may take the file and refuse the record that shows it', async () => {
    const json = { error: 'InvalidRequest', message: 'Invalid app.bsky.feed.post record' };
    await using server = await startRoutes({
      ...uploads(9e9, { status: 500, json: {} }),
      [put]: () => ({ status: 400, json }),
    });
    const failure = await failureOf(publicationOf(server.origin, [fileOf(1_500_000)]).publish());
    expect(failure.learnedRules?.media?.imageBytesMax).toBe(1_000_000);
  });

  test('is tried once: what it refuses then, and what was small all along, is refused for good', async () => {
    await using server = await startRoutes({ ...taken, ...uploads(10, { status: 413, json: {} }) });
    const small = await failureOf(publicationOf(server.origin, [fileOf(900_000)]).publish());
    expect(small).toMatchObject({ kind: 'content', learnedRules: null });
    const learned = { textMax: 300, urlCharacters: null, media: { imageBytesMax: 1_000_000 } };
    const again = await failureOf(publicationOf(server.origin, [fileOf(1_500_000)], learned).publish());
    expect(again).toMatchObject({ kind: 'content', learnedRules: null });
  });

  test('gets a video through the video service', async () => {
    const job = { jobId: 'j', did, state: 'JOB_STATE_COMPLETED', blob: { ...blobOf(7), mimeType: 'video/mp4' } };
    await using server = await startRoutes({
      ...taken,
      ...uploads(1_000, { status: 413, json: { error: 'PayloadTooLarge' } }),
      'GET /xrpc/com.atproto.server.getServiceAuth': () => ({ json: { token: 'service-token' } }),
      'POST /xrpc/app.bsky.video.uploadVideo': () => ({ json: { jobStatus: job } }),
      'GET /xrpc/app.bsky.video.getJobStatus': () => ({ json: { jobStatus: job } }),
    });
    expect(await publicationOf(server.origin, [fileOf(5_000, 'video')]).publish()).toMatchObject({ kind: 'published' });
    const rules = { textMax: 300, urlCharacters: null, media: { videoBytesMax: 1_000 } };
    const known = publicationOf(server.origin, [fileOf(5_000, 'video')], rules);
    const before = server.seen.filter(({ route }) => route === upload).length;
    expect(await known.publish()).toMatchObject({ kind: 'published' });
    expect(server.seen.filter(({ route }) => route === upload)).toHaveLength(before);
  });

  test('that says so is believed at connecting', async () => {
    const session = { did, handle: 'ada.test', accessJwt: 'a', refreshJwt: 'r' };
    await using server = await startRoutes({
      'POST /xrpc/com.atproto.server.createSession': () => ({ json: session }),
      'GET /xrpc/com.atproto.server.describeServer': () => ({ json: { did: 'did:web:a', blobUploadLimit: 500_000 } }),
    });
    const grant = await bluesky.manual?.connect({
      endpoints: testEndpoints(),
      http: client.http(),
      credentials: { service: server.origin, handle: 'ada.test', appPassword: 'p' },
      now: new Date(),
    });
    const account = grant?.accounts[0];
    expect(account?.serverRules?.media).toEqual({ imageBytesMax: 500_000, videoBytesMax: 500_000 });
    expect(mediaRulesFor(bluesky, { account: account ?? {}, options: {} }).image?.bytesMax).toBe(500_000);
  });
});
