import { access } from 'node:fs/promises';
import { startCloudinaryServer } from '@vibetribe/media/fixtures/cloudinary-server';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import type { MediaStore } from '@vibetribe/media/store/media-store';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { collectGarbage } from './collect-garbage.ts';
import { collectObject } from './collect-object.ts';
import { deleteMedia } from './delete-media.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { createMediaHarness, type MediaHarness } from './test-media.ts';

const account = { cloudName: 'demo', apiKey: '1', apiSecret: 'secret' };

describe.each(['local', 'cloudinary'] as const)('a record never outlives its file: %s', (kind) => {
  const stack = new AsyncDisposableStack();
  let harness: MediaHarness;
  let actor: Actor;

  beforeAll(async () => {
    const server = stack.use(await startCloudinaryServer(account));
    const cloudinary = { ...account, uploadOrigin: server.origin, deliveryOrigin: server.origin };
    harness = stack.use(await createMediaHarness(inject('postgresUrl'), kind === 'local' ? {} : { cloudinary }));
  });
  afterAll(() => stack.disposeAsync());
  beforeEach(async () => {
    actor = await harness.addOrganization();
  });

  const withStore = (changed: Partial<MediaStore>): MediaDependencies => ({
    ...harness.deps,
    media: { ...harness.deps.media, store: { ...harness.deps.media.store, ...changed } },
  });
  const objects = () =>
    harness.sql<{ id: string; storeKey: string; mimeType: 'image/jpeg'; bytes: string; removing: boolean }>(
      `select id, store_key as "storeKey", mime_type as "mimeType", bytes, removing_at is not null as removing from media_objects
       where organization_id = $1 order by created_at`,
      [actor.organizationId],
    );
  /** Every record that somebody could find has its file. */
  async function expectNoPhantom(): Promise<void> {
    for (const { storeKey: key, mimeType, bytes, removing } of await objects())
      if (!removing) expect(await harness.deps.media.store.has({ key, mimeType }, Number(bytes))).toBe(true);
  }

  test('a removal that breaks off after the store’s part is finished by the next, and the content can be uploaded meanwhile', async () => {
    const file = await jpeg(200, 100);
    const media = await harness.upload(actor, file);
    const { store } = harness.deps.media;
    const breaking = withStore({
      async remove(object) {
        await store.remove(object);
        throw new Error('the process ends here');
      },
    });
    await deleteMedia(breaking, actor, media);
    expect(await objects()).toMatchObject([{ removing: true }]);
    await harness.upload(actor, file);
    await expectNoPhantom();
    expect(await collectGarbage(harness.deps, { unusedDays: 30 })).toMatchObject({ files: 1, failed: 0 });
    expect(await objects()).toMatchObject([{ removing: false }]);
    await expectNoPhantom();
  });

  test('a removal that was held up for long takes nothing of what was uploaded meanwhile', async () => {
    const file = await jpeg(200, 100);
    const media = await harness.upload(actor, file);
    const { store } = harness.deps.media;
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const frozen = withStore({
      async remove(object) {
        begun.resolve();
        await gate.promise;
        await store.remove(object);
      },
    });
    const deleting = deleteMedia(frozen, actor, media);
    await begun.promise;
    await harness.upload(actor, file);
    gate.resolve();
    await deleting;
    expect(await objects()).toHaveLength(1);
    await expectNoPhantom();
  });

  test('no connection is held and no lock while the store works', async () => {
    const media = await harness.upload(actor, await jpeg(200, 100));
    const { pool } = harness.deps.db;
    let held: number | null = null;
    const looking = withStore({
      async remove() {
        held = pool.totalCount - pool.idleCount;
      },
    });
    await deleteMedia(looking, actor, media);
    expect(held).toBe(0);
  });

  test('an upload that fails half way leaves neither a record nor a file', async () => {
    const { store } = harness.deps.media;
    const put: string[] = [];
    const failing = withStore({
      async put(path, object) {
        await store.put(path, object);
        put.push(object.key);
        throw new Error('the answer is lost');
      },
    });
    await expect(harness.upload(actor, await jpeg(210, 100), { deps: failing })).rejects.toThrow('the answer is lost');
    expect(await objects()).toEqual([]);
    const key = put[0] ?? '';
    expect(await store.has({ key, mimeType: 'image/jpeg' }, (await jpeg(210, 100)).length)).toBe(false);
  });

  test('whoever deletes, uploads and collects at once: what is there can be opened', async () => {
    const file = await jpeg(220, 100);
    for (let round = 0; round < 5; round += 1) {
      const first = await harness.upload(actor, file);
      const [object] = await objects();
      const [second] = await Promise.all([
        harness.upload(actor, file),
        deleteMedia(harness.deps, actor, first),
        collectObject(harness.deps, object?.id ?? ''),
        harness.upload(actor, file),
      ]);
      await expectNoPhantom();
      if (kind === 'local') {
        const live = (await objects()).filter(({ removing }) => !removing);
        expect(live).toHaveLength(1);
        await access(
          await harness.deps.media.store.fetch({ key: live[0]?.storeKey ?? '', mimeType: 'image/jpeg' }, ''),
        );
      }
      expect(second.bytes).toBe(file.length);
      await harness.sql('delete from media where organization_id = $1', [actor.organizationId]);
      await collectGarbage(harness.deps, { unusedDays: 30 });
      expect(await objects()).toEqual([]);
    }
  });

  test('a file that its store has lost is brought back by uploading it again, for every media that has it', async () => {
    const file = await jpeg(230, 100);
    await harness.upload(actor, file);
    const [{ storeKey: key, mimeType } = { storeKey: '', mimeType: 'image/jpeg' as const }] = await objects();
    await harness.deps.media.store.remove({ key, mimeType });
    await harness.upload(actor, file);
    expect(await objects()).toHaveLength(1);
    await expectNoPhantom();
  });
});
