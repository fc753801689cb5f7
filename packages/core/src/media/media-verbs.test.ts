import { access } from 'node:fs/promises';
import { MediaConfig, MediaStats } from '@vibetribe/contracts/media';
import { startCloudinaryServer } from '@vibetribe/media/fixtures/cloudinary-server';
import { gif, jpeg, picture, png } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { collectGarbage } from './collect-garbage.ts';
import { deleteMedia } from './delete-media.ts';
import { listMedia } from './list-media.ts';
import { mediaConfig } from './media-config.ts';
import { mediaStats } from './media-stats.ts';
import { openMediaFile } from './open-media-file.ts';
import { optimizeUrl } from './optimize-url.ts';
import { readPostMedia } from './read-post-media.ts';
import { createMediaWorld, type MediaWorld } from './test-media.ts';

let world: MediaWorld;
let actor: Actor;

beforeAll(async () => {
  world = await createMediaWorld(inject('postgresUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.sql('delete from posts');
  await world.sql('delete from media');
  await world.sql(`update media_objects set stored_at = coalesce(stored_at, now())`);
  await collectGarbage(world.deps, { unusedDays: 1 });
  actor = await world.addOrganization();
});

const tokenOf = (url: string) => new URL(url).searchParams.get('ticket') ?? '';

describe('uploading', () => {
  test('a picture comes back with what was read from its bytes and an address that opens it', async () => {
    const file = await png(120, 80);
    const media = await world.upload(actor, file, { alt: 'A view' });
    expect(media).toMatchObject({
      type: 'image',
      mimeType: 'image/png',
      bytes: file.length,
      width: 120,
      height: 80,
      durationMs: null,
      alt: 'A view',
    });
    expect(media.details).toMatchObject({ alpha: true, animated: false });
    expect(media.publicId).toMatch(/^[\w-]{22}$/);
    const opened = await openMediaFile(world.deps, { token: tokenOf(media.url), takesWebp: false });
    expect(opened).toMatchObject({ mimeType: 'image/png', bytes: file.length });
  });

  test('a video tells its length and codec', async () => {
    expect(await world.upload(actor, movie({ sound: 'mp4a' }))).toMatchObject({
      type: 'video',
      durationMs: 5000,
      details: { codec: 'h264', audioCodec: 'aac' },
    });
  });

  test('the same content is kept once, however many uploads bring it at once', async () => {
    const file = await jpeg(333, 222);
    const media = await Promise.all(Array.from({ length: 8 }, () => world.upload(actor, file)));
    expect(new Set(media.map(({ id }) => id)).size).toBe(8);
    expect(await world.storedFiles()).toHaveLength(1);
    expect((await mediaStats(world.deps, actor)).storedBytes).toBe(file.length);
  });

  test('two organizations never share a file', async () => {
    const file = await jpeg();
    await world.upload(actor, file);
    await world.upload(await world.addOrganization(), file);
    expect(await world.storedFiles()).toHaveLength(2);
  });

  test('a broken file is refused and nothing is kept of it', async () => {
    const broken = (await jpeg()).subarray(0, 3000);
    await expect(world.upload(actor, broken)).rejects.toMatchObject({
      name: 'DomainError',
      code: 'validation_failed',
      errors: [{ path: 'file' }],
    });
    expect(await world.storedFiles()).toEqual([]);
    expect(await world.sql('select 1 from media_objects where organization_id = $1', [actor.organizationId])).toEqual(
      [],
    );
  });

  test('the quota holds, also for uploads that come at once', async () => {
    const files = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        picture(100 + index, 100)
          .png()
          .toBuffer(),
      ),
    );
    const largest = Math.max(...files.map(({ length }) => length));
    await world.sql('insert into media_quotas (organization_id, bytes_max) values ($1, $2)', [
      actor.organizationId,
      largest * 3,
    ]);
    const results = await Promise.allSettled(files.map((file) => world.upload(actor, file)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'quota_exceeded' } });
    const stats = await mediaStats(world.deps, actor);
    expect(stats.storedBytes).toBeLessThanOrEqual(largest * 3);
    expect(stats.quota.bytesMax).toBe(largest * 3);
  });

  test('an upload whose content is being deleted by another stores it again', async () => {
    const file = await jpeg(200, 100);
    for (let round = 0; round < 5; round += 1) {
      const first = await world.upload(actor, file);
      const [second] = await Promise.all([world.upload(actor, file), deleteMedia(world.deps, actor, first)]);
      const opened = await openMediaFile(world.deps, { token: tokenOf(second.url), takesWebp: false });
      await access(opened.path);
      await deleteMedia(world.deps, actor, second);
      expect(await world.storedFiles()).toEqual([]);
    }
  });

  test('a store that is away is told as that, and takes no room', async () => {
    const account = { cloudName: 'demo', apiKey: '1', apiSecret: 'secret' };
    await using server = await startCloudinaryServer(account);
    const cloudinary = { ...account, uploadOrigin: server.origin, deliveryOrigin: server.origin };
    await using there = await createMediaWorld(inject('postgresUrl'), { cloudinary });
    const someone = await there.addOrganization();
    server.failWith(500, 1);
    await expect(there.upload(someone, await jpeg())).rejects.toMatchObject({ code: 'unavailable' });
    expect((await mediaStats(there.deps, someone)).storedBytes).toBe(0);
    const media = await there.upload(someone, await jpeg());
    expect(media.url).toContain(`${server.origin}/demo/image/upload/`);
    expect(media.publicId).not.toContain('/');
    expect((await optimizeUrl(there.deps, someone, { publicId: media.publicId, width: 300 })).url).toContain('w_300');
    await deleteMedia(there.deps, someone, media);
    expect(server.files.size).toBe(0);
  });
});

describe('what one organization has', () => {
  test('is listed newest first, in pages that hold while others come and go', async () => {
    const uploaded = [];
    for (const width of [50, 51, 52, 53, 54]) uploaded.push(await world.upload(actor, await jpeg(width, 50)));
    const first = await listMedia(world.deps, actor, { limit: 2, after: null });
    await world.upload(actor, await jpeg(60, 60));
    const second = await listMedia(world.deps, actor, { limit: 10, after: first.next });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(uploaded.map(({ id }) => id).toReversed());
    expect(second.next).toBeNull();
    await world.upload(actor, movie());
    expect((await listMedia(world.deps, actor, { limit: 10, after: null, type: 'video' })).items).toHaveLength(1);
  });

  test('is hidden from every other', async () => {
    const { publicId, id } = await world.upload(actor, await jpeg());
    const other = await world.addOrganization();
    expect((await listMedia(world.deps, other, { limit: 10, after: null })).items).toEqual([]);
    await expect(deleteMedia(world.deps, other, { publicId })).rejects.toMatchObject({ code: 'not_found' });
    await expect(optimizeUrl(world.deps, other, { publicId })).rejects.toMatchObject({ code: 'not_found' });
    const found = await world.deps.db.asTenant(other.organizationId, (tx) =>
      readPostMedia(tx, other.organizationId, [id]),
    );
    expect(found).toEqual([]);
  });

  test('is counted, and so is what no post uses', async () => {
    const used = await world.upload(actor, await jpeg());
    await world.upload(actor, movie());
    await world.addPost(actor, used.id, 'published');
    const stats = await mediaStats(world.deps, actor);
    expect(MediaStats.parse(stats)).toEqual(stats);
    expect(stats).toMatchObject({
      total: { count: 2 },
      byType: { image: { count: 1 }, video: { count: 1 } },
      unused: { count: 1 },
    });
    const config = await mediaConfig(world.deps, actor);
    expect(MediaConfig.parse(config)).toMatchObject({ store: 'local', filesMax: 10 });
  });

  test('comes in the order that a post names, with what rules are checked against', async () => {
    const [one, two] = [
      await world.upload(actor, await jpeg(), { alt: 'One' }),
      await world.upload(actor, await gif(3)),
    ];
    const read = await world.deps.db.asTenant(actor.organizationId, (tx) =>
      readPostMedia(tx, actor.organizationId, [two.id, 'unknown', one.id]),
    );
    expect(read.map(({ id, checked }) => [id, checked.alt, checked.animated])).toEqual([
      [two.id, null, true],
      [one.id, 'One', false],
    ]);
  });
});

describe('a viewer', () => {
  test('may look and not change', async () => {
    const media = await world.upload(actor, await jpeg());
    const viewer: Actor = { ...actor, role: 'viewer' };
    expect((await listMedia(world.deps, viewer, { limit: 5, after: null })).items).toHaveLength(1);
    await expect(deleteMedia(world.deps, viewer, media)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(world.upload(viewer, await jpeg())).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('optimized addresses', () => {
  test('open a picture fitted and encoded as wanted, and nothing once the media is deleted', async () => {
    const media = await world.upload(actor, await jpeg(400, 300));
    const { url, expiresAt } = await optimizeUrl(world.deps, actor, { publicId: media.publicId, width: 100 });
    const token = tokenOf(url);
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.now());
    expect(await openMediaFile(world.deps, { token, takesWebp: true })).toMatchObject({ mimeType: 'image/webp' });
    const plain = await openMediaFile(world.deps, { token, takesWebp: false });
    expect(plain.mimeType).toBe('image/jpeg');
    expect(plain.bytes).toBeLessThan(media.bytes);
    await deleteMedia(world.deps, actor, media);
    for (const takesWebp of [true, false]) {
      await expect(openMediaFile(world.deps, { token, takesWebp })).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(openMediaFile(world.deps, { token: `${token}x`, takesWebp: false })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('deleting', () => {
  test.each(['draft', 'scheduled', 'retrying', 'unconfirmed'])(
    'waits for a post that is %s, wherever it names the media',
    async (status) => {
      for (const where of ['post', 'variant'] as const) {
        const media = await world.upload(actor, await jpeg());
        const postId = await world.addPost(actor, media.id, status, where);
        await expect(deleteMedia(world.deps, actor, media)).rejects.toMatchObject({ code: 'conflict' });
        await world.sql('update posts set deleted_at = now() where id = $1', [postId]);
        await deleteMedia(world.deps, actor, media);
      }
    },
  );

  test('is possible once the post has ended', async () => {
    const media = await world.upload(actor, await jpeg());
    await world.addPost(actor, media.id, 'published');
    await deleteMedia(world.deps, actor, media);
    await expect(deleteMedia(world.deps, actor, media)).rejects.toMatchObject({ code: 'not_found' });
    expect(await world.storedFiles()).toEqual([]);
  });

  test('leaves the file while another upload has the same content', async () => {
    const [one, other] = [await world.upload(actor, await jpeg()), await world.upload(actor, await jpeg())];
    await deleteMedia(world.deps, actor, one);
    expect(await world.storedFiles()).toHaveLength(1);
    await deleteMedia(world.deps, actor, other);
    expect(await world.storedFiles()).toEqual([]);
  });
});

describe('collecting garbage', () => {
  test('takes old media that no post uses, and nothing else', async () => {
    const old = [
      await world.upload(actor, await jpeg(50, 50)),
      await world.upload(actor, await jpeg(51, 50)),
      await world.upload(actor, await jpeg(52, 50)),
    ];
    const fresh = await world.upload(actor, await jpeg(53, 50));
    await world.sql(`update media set created_at = now() - interval '40 days' where id <> $1`, [fresh.id]);
    await world.addPost(actor, old[0]?.id ?? '', 'published');
    await world.addPost(actor, old[1]?.id ?? '', 'failed', 'variant');
    expect(await collectGarbage(world.deps, { unusedDays: 30 })).toMatchObject({ media: 1, files: 1, failed: 0 });
    const left = await listMedia(world.deps, actor, { limit: 10, after: null });
    expect(new Set(left.items.map(({ id }) => id))).toEqual(new Set([old[0]?.id, old[1]?.id, fresh.id]));
    expect(await world.storedFiles()).toHaveLength(3);
  });

  test('takes an upload that was cut off, and not one that is under way', async () => {
    const insert = (id: string, hours: number) =>
      world.sql(
        `insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, touched_at)
         values ($1, $2, 'local', $3, 'image/jpeg', 5, $1, '{}', now() - $4 * interval '1 hour')`,
        [id, actor.organizationId, `${actor.organizationId}/aa/${'a'.repeat(64)}.jpg`, hours],
      );
    await insert('obj_cut', 7);
    await insert('obj_busy', 1);
    await collectGarbage(world.deps, { unusedDays: 30 });
    expect(await world.sql(`select id from media_objects where organization_id = $1`, [actor.organizationId])).toEqual([
      { id: 'obj_busy' },
    ]);
  });
});
