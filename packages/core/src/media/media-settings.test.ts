import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaReader } from '@vibetribe/media/serve/media-reader';
import { jpeg, phoneJpeg } from '@vibetribe/media/fixtures/test-images';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { deleteMedia } from './delete-media.ts';
import { checkMediaEnv, mediaEnvShape, mediaSettingsOf } from './media-settings.ts';
import { readPostMedia } from './read-post-media.ts';
import { createMediaHarness } from './test-media.ts';

const Env = z.object({ ...mediaEnvShape, SANDBOX_URL: z.string().optional() }).superRefine(checkMediaEnv);
const account = { CLOUDINARY_CLOUD_NAME: 'mine', CLOUDINARY_API_KEY: '1', CLOUDINARY_API_SECRET: 'x' };

describe('the media store', () => {
  test('is local unless it is named', () => {
    expect(mediaSettingsOf(Env.parse({}))).toMatchObject({ cloudinary: null, dataDir: '.data' });
    expect(mediaSettingsOf(Env.parse(account))).toMatchObject({ cloudinary: null });
  });

  test('is the account named, also beside a sandbox', () => {
    const env = { ...account, MEDIA_STORE: 'cloudinary', SANDBOX_URL: 'http://127.0.0.1:4010' };
    expect(mediaSettingsOf(Env.parse(env)).cloudinary).toMatchObject({ cloudName: 'mine', uploadOrigin: undefined });
  });

  test('cannot be Cloudinary without an account: every missing name is told', () => {
    const parsed = Env.safeParse({
      MEDIA_STORE: 'cloudinary',
      CLOUDINARY_CLOUD_NAME: 'mine',
      SANDBOX_URL: 'http://127.0.0.1:4010',
    });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([
      'CLOUDINARY_API_KEY',
      'CLOUDINARY_API_SECRET',
    ]);
  });
});

test('Cloudinary’s own SDK works against the sandbox: upload, rendition for a platform, deletion', async () => {
  await using stack = new AsyncDisposableStack();
  const dataDir = stack.adopt(await mkdtemp(join(tmpdir(), 'vt-sandbox-')), (path) => rm(path, { recursive: true }));
  await using sandbox = await spawnApp({ app: 'sandbox', env: { SANDBOX_PORT: '0', DATA_DIR: dataDir } });
  const { cloudinary } = mediaSettingsOf(
    Env.parse({ MEDIA_STORE: 'cloudinary', SANDBOX_URL: `http://127.0.0.1:${sandbox.port}` }),
  );
  if (cloudinary === null) throw new Error('the sandbox does not stand in');
  await using harness = await createMediaHarness(inject('postgresUrl'), { cloudinary });
  const actor = await harness.addOrganization();
  const plain = await harness.upload(actor, await jpeg());
  expect((await fetch(plain.url)).status).toBe(200);
  const phone = await harness.upload(actor, await phoneJpeg(400, 300, 6));
  const [original] = await harness.deps.db.asTenant(actor.organizationId, (tx) =>
    readPostMedia(tx, actor.organizationId, [phone.id]),
  );
  if (original === undefined) throw new Error('the media is not there');
  const { store, renditions, disk } = harness.deps.media;
  const reader = createMediaReader({
    store,
    renditions,
    copiesDirectory: join(dataDir, 'copies'),
    disk,
    bytesMax: async () => Infinity,
    now: () => new Date(),
  });
  const prepared = await reader.prepare(original, {
    required: false,
    countMax: 4,
    imagesMax: 4,
    videosMax: 1,
    mixed: false,
    altCharactersMax: 100,
    image: { mimeTypes: ['image/jpeg'], bytesMax: 1_000_000 },
    animation: null,
    video: null,
  });
  expect(prepared).toMatchObject({ width: 300, height: 400, done: expect.arrayContaining(['turned upright']) });
  expect(Buffer.concat(await Array.fromAsync(prepared.open()))).toHaveLength(prepared.bytes);
  await deleteMedia(harness.deps, actor, plain);
  expect((await fetch(plain.url)).status).toBe(404);
});
