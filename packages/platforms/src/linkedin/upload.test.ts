import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { linkedin } from './index.ts';

const client = openTestClient('linkedin');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: 'urn:li:person:ada', handle: 'Ada', service: null };
const refusal = (code: string) => ({ status: 400, json: { status: 400, code, message: code } });
const created = { status: 201, json: '', headers: { 'x-restli-id': 'urn:li:share:7000000000000000001' } };

interface Told {
  /** Of the picture of this number, from 1 on. */
  readonly status?: (picture: number) => { status?: number; json: object };
  readonly bytes?: (picture: number) => { status?: number; json: unknown };
  readonly post?: (pictures: number) => { status?: number; json: unknown; headers?: Record<string, string> };
}

async function publishPicture({ status, bytes, post }: Told, runs = 1) {
  let origin = '';
  let made = 0;
  const urn = (picture: number) => `urn:li:image:I${picture}`;
  const numbers = [1, 2, 3, 4];
  await using server = await startRoutes({
    'POST /rest/images': () => {
      made += 1;
      return { json: { value: { image: urn(made), uploadUrl: `${origin}/up/${made}` } } };
    },
    ...Object.fromEntries(
      numbers.flatMap((picture) => [
        [`PUT /up/${picture}`, () => bytes?.(picture) ?? { status: 201, json: '' }],
        [
          `GET /rest/images/${encodeURIComponent(urn(picture))}`,
          () => status?.(picture) ?? { json: { status: 'AVAILABLE' } },
        ],
      ]),
    ),
    'POST /rest/posts': () => post?.(made) ?? created,
  });
  ({ origin } = server);
  const publication = startPublication({
    adapter: linkedin,
    endpoints: testEndpoints({ api: origin, authorize: origin, hosts: { upload: origin } }),
    client,
    account,
    accessToken: 't',
    content: { text: 'Hello', options: {}, media: [testPicture()] },
  });
  for (let run = 1; run < runs; run += 1) await publication.publish().catch(() => undefined);
  const fate = await publication.publish().catch((error: unknown) => error);
  const shown = server.seen.findLast(({ route }) => route === 'POST /rest/posts')?.body ?? '';
  return { fate, made, shown: /I\d/u.exec(shown)?.[0] };
}

const failed = { json: { status: 'PROCESSING_FAILED' } };

describe('a picture is uploaded anew', () => {
  test('where LinkedIn could not process it, three times in all', async () => {
    const once = await publishPicture({
      status: (picture) => (picture === 1 ? failed : { json: { status: 'AVAILABLE' } }),
    });
    expect(once).toMatchObject({ fate: { kind: 'published' }, made: 2, shown: 'I2' });
    const never = await publishPicture({ status: () => failed });
    expect(never).toMatchObject({
      fate: { kind: 'content', platformCode: 'MEDIA_ASSET_PROCESSING_FAILED' },
      made: 3,
    });
  });

  test('where it came too late for its address', async () => {
    const late = await publishPicture({
      bytes: (picture) => (picture === 1 ? refusal('EXPIRED_UPLOAD_URL') : { status: 201, json: '' }),
    });
    expect(late).toMatchObject({ fate: { kind: 'published' }, made: 2, shown: 'I2' });
  });

  test('where the post is refused for it, as one who may not ask is told', async () => {
    const told = {
      status: () => ({ status: 403, json: { status: 403, code: 'ACCESS_DENIED' } }),
      post: (pictures: number) => (pictures === 1 ? refusal('MEDIA_ASSET_PROCESSING_FAILED') : created),
    };
    const first = await publishPicture(told);
    expect(first).toMatchObject({ fate: { kind: 'media_processing' }, made: 1 });
    const second = await publishPicture(told, 2);
    expect(second).toMatchObject({ fate: { kind: 'published' }, made: 2, shown: 'I2' });
    const never = await publishPicture({ ...told, post: () => refusal('MEDIA_ASSET_PROCESSING_FAILED') }, 4);
    expect(never).toMatchObject({ fate: { kind: 'content' }, made: 3 });
  });
});
