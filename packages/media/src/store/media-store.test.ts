import { createHash } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect as show } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CloudinaryAccount, createCloudinaryStore } from './cloudinary-store.ts';
import { type CloudinaryServer, startCloudinaryServer } from '../fixtures/cloudinary-server.ts';
import { jpeg } from '../fixtures/test-images.ts';
import { movie } from '../fixtures/test-movies.ts';
import { createLocalStore } from './local-store.ts';
import type { MediaStore } from './media-store.ts';

const account: CloudinaryAccount = { cloudName: 'demo', apiKey: '123456789', apiSecret: 'canary-secret' };
const at = new Date('2026-11-22T10:00:00Z');

let directory: string;
let cloudinary: CloudinaryServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-store-'));
  cloudinary = await startCloudinaryServer(account);
});

afterEach(async () => {
  await cloudinary[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const stores: Record<MediaStore['id'], () => MediaStore> = {
  local: () => createLocalStore({ directory: join(directory, 'originals') }),
  cloudinary: () =>
    createCloudinaryStore({ ...account, uploadOrigin: cloudinary.origin, deliveryOrigin: cloudinary.origin }),
};

async function objectFor(
  store: MediaStore,
  content: Buffer,
  mimeType: 'image/jpeg' | 'video/mp4' = 'image/jpeg',
  organizationId = 'org_1',
) {
  const path = join(directory, 'upload');
  await writeFile(path, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    path,
    object: { key: store.keyFor({ organizationId, userId: 'usr_1', sha256, id: 'obj_1', mimeType, at }), mimeType },
  };
}

describe.each(Object.keys(stores) as MediaStore['id'][])('%s', (id) => {
  let store: MediaStore;
  const copy = () => join(directory, 'copy');

  beforeEach(() => {
    store = stores[id]();
  });

  test.each(['image/jpeg', 'video/mp4'] as const)('a %s is read back bit for bit', async (mimeType) => {
    const content = mimeType === 'image/jpeg' ? await jpeg() : movie();
    const { path, object } = await objectFor(store, content, mimeType);
    await store.put(path, object);
    expect(await readFile(await store.fetch(object, copy()))).toEqual(content);
  });

  test('putting the same file twice changes nothing', async () => {
    const content = await jpeg();
    for (let time = 0; time < 2; time += 1) {
      const { path, object } = await objectFor(store, content);
      await store.put(path, object);
      expect(await readFile(await store.fetch(object, copy()))).toEqual(content);
    }
  });

  test('whether a file is there is told, and one that was lost is put back under its key', async () => {
    const content = await jpeg();
    const { path, object } = await objectFor(store, content);
    expect(await store.has(object, content.length)).toBe(false);
    await store.put(path, object);
    expect(await store.has(object, content.length)).toBe(true);
    await store.remove(object);
    expect(await store.has(object, content.length)).toBe(false);
    await store.put(path, object);
    expect(await store.has(object, content.length)).toBe(true);
    expect(await readFile(await store.fetch(object, copy()))).toEqual(content);
  });

  test('the same content of another record has another key', async () => {
    const content = {
      organizationId: 'org_1',
      userId: 'usr_1',
      sha256: 'a'.repeat(64),
      mimeType: 'image/jpeg',
      at,
    } as const;
    const keys = ['obj_1', 'obj_2', 'obj_1'].map((one) => store.keyFor({ ...content, id: one }));
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  test('what is removed is gone, and may be removed again', async () => {
    const { path, object } = await objectFor(store, await jpeg());
    await store.put(path, object);
    await store.remove(object);
    await store.remove(object);
    await expect(store.fetch(object, copy())).rejects.toMatchObject({ name: 'MediaStoreError', kind: 'gone' });
    await expect(access(copy())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('the same content of two organizations is two files', async () => {
    const content = await jpeg();
    const one = await objectFor(store, content, 'image/jpeg', 'org_1');
    await store.put(one.path, one.object);
    const other = await objectFor(store, content, 'image/jpeg', 'org_2');
    await store.put(other.path, other.object);
    await store.remove(one.object);
    expect(await readFile(await store.fetch(other.object, copy()))).toEqual(content);
  });

  test('a key that leads elsewhere is no key', async () => {
    for (const key of ['../../etc/passwd', 'org_1/../../x.jpg', '/etc/passwd', 'org_1/aa/..%2fx.jpg']) {
      await expect((async () => store.fetch({ key, mimeType: 'image/jpeg' }, copy()))()).rejects.toMatchObject({
        kind: 'gone',
      });
    }
  });
});

test('on this machine a file of which a part is gone is not there, and is put back whole', async () => {
  const store = stores.local();
  const content = await jpeg();
  const { path, object } = await objectFor(store, content);
  await store.put(path, object);
  const stored = await store.fetch(object, '');
  // As a disk leaves it: another file, not the one that was uploaded.
  await rm(stored);
  await writeFile(stored, content.subarray(0, 100));
  expect(await store.has(object, content.length)).toBe(false);
  await store.put(path, object);
  expect(await readFile(stored)).toEqual(content);
});

describe('Cloudinary', () => {
  test('files stand in a folder for organization, user and day, and previews are made at once', async () => {
    const store = stores.cloudinary();
    const { path, object } = await objectFor(store, await jpeg());
    await store.put(path, object);
    expect(object.key).toMatch(/^vibetribe\/org_1\/usr_1\/2026-11-22\/[0-9a-f]{32}$/);
    expect(cloudinary.files.get(object.key)?.params).toMatchObject({
      eager: expect.stringContaining('w_640'),
      eager_async: '1',
    });
    expect(await store.usage()).toEqual({ bytes: (await jpeg()).length, bytesMax: null });
  });

  test('an optimized address is signed and names the transformation', async () => {
    const url = stores
      .cloudinary()
      .url({ key: 'vibetribe/a', mimeType: 'image/jpeg' }, { width: 300, quality: 70, format: 'auto' });
    expect(url).toMatch(/\/demo\/image\/upload\/s--[\w-]{8}--\/c_limit,f_auto,q_70,w_300\/v1\/vibetribe\/a$/);
  });

  test('without the right secret nothing is stored, and the error holds no secret', async () => {
    const store = createCloudinaryStore({
      ...account,
      apiSecret: 'canary-wrong',
      uploadOrigin: cloudinary.origin,
      deliveryOrigin: cloudinary.origin,
    });
    const { path, object } = await objectFor(store, await jpeg());
    const error: unknown = await store.put(path, object).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'MediaStoreError', kind: 'refused' });
    expect(show(error, { depth: 10, showHidden: true })).not.toContain('canary');
    const usage: unknown = await store.usage().catch((reason: unknown) => reason);
    expect(show(usage, { depth: 10, showHidden: true })).not.toContain('canary');
    expect(cloudinary.files.size).toBe(0);
  });

  test('when Cloudinary fails or is away, the error says that it is for the moment', async () => {
    const store = stores.cloudinary();
    const { path, object } = await objectFor(store, await jpeg());
    cloudinary.failWith(500, 1);
    await expect(store.put(path, object)).rejects.toMatchObject({ kind: 'unavailable' });
    await cloudinary[Symbol.asyncDispose]();
    await expect(store.put(path, object)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.fetch(object, join(directory, 'copy'))).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
