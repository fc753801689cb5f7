import { MediaConfig, MediaStats } from '@vibetribe/contracts/media';
import { gif, jpeg } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { collectGarbage } from './collect-garbage.ts';
import { deleteMedia } from './delete-media.ts';
import { listMedia } from './list-media.ts';
import { getMediaConfig } from './get-media-config.ts';
import { getMediaStats } from './get-media-stats.ts';
import { openMediaFile } from './open-media-file.ts';
import { optimizeUrl } from './optimize-url.ts';
import { readPostMedia } from './read-post-media.ts';
import { namingPlaces } from './test-media.ts';
import { harness, actor, tokenOf } from './test-media-verbs.ts';

describe('what one organization has', () => {
  test('is listed newest first, in pages that hold while others come and go', async () => {
    const uploaded = [];
    for (const width of [50, 51, 52, 53, 54]) uploaded.push(await harness.upload(actor, await jpeg(width, 50)));
    const first = await listMedia(harness.deps, actor, { limit: 2, after: null });
    await harness.upload(actor, await jpeg(60, 60));
    const second = await listMedia(harness.deps, actor, { limit: 10, after: first.next });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(uploaded.map(({ id }) => id).toReversed());
    expect(second.next).toBeNull();
    await harness.upload(actor, movie());
    expect((await listMedia(harness.deps, actor, { limit: 10, after: null, type: 'video' })).items).toHaveLength(1);
  });

  test('is hidden from every other', async () => {
    const { publicId, id } = await harness.upload(actor, await jpeg());
    const other = await harness.addOrganization();
    expect((await listMedia(harness.deps, other, { limit: 10, after: null })).items).toEqual([]);
    await expect(deleteMedia(harness.deps, other, { publicId })).rejects.toMatchObject({ code: 'not_found' });
    await expect(optimizeUrl(harness.deps, other, { publicId })).rejects.toMatchObject({ code: 'not_found' });
    const found = await harness.deps.db.asTenant(other.organizationId, (tx) =>
      readPostMedia(tx, other.organizationId, [id]),
    );
    expect(found).toEqual([]);
  });

  test('is counted, and so is what no post uses', async () => {
    const used = await harness.upload(actor, await jpeg());
    await harness.upload(actor, movie());
    await harness.addPost(actor, used.id, 'published');
    const stats = await getMediaStats(harness.deps, actor);
    expect(MediaStats.parse(stats)).toEqual(stats);
    expect(stats).toMatchObject({
      total: { count: 2 },
      byType: { image: { count: 1 }, video: { count: 1 } },
      unused: { count: 1 },
    });
    const config = await getMediaConfig(harness.deps, actor);
    expect(MediaConfig.parse(config)).toMatchObject({ store: 'local', filesMax: 10 });
  });

  test('is counted alike where there are many, wherever posts name it', async () => {
    const { id } = await harness.upload(actor, await jpeg());
    await harness.sql(
      `insert into media (id, organization_id, object_id, public_id, kind, mime_type, bytes, sha256)
       select id || i, organization_id, object_id, id || i, kind, mime_type, bytes, sha256 from media cross join generate_series(1, 1000) i where id = $1`,
      [id],
    );
    for (const [index, where] of namingPlaces.entries())
      await harness.addPost(actor, `${id}${index + 1}`, 'published', where);
    const card = { options: { card: { url: 'https://example.com/', mediaId: `${id}10` } } };
    const postId = await harness.addPost(actor, `${id}11`, 'draft');
    await harness.sql('update publications set variant = $2 where post_id = $1', [postId, JSON.stringify(card)]);
    const deletedId = await harness.addPost(actor, `${id}12`, 'published');
    await harness.sql('update posts set deleted_at = now() where id = $1', [deletedId]);
    const { total, unused } = await getMediaStats(harness.deps, actor);
    const [found] = await harness.sql<{ count: number }>(
      'select count(*)::int as count from media where organization_id = $1 and not media_is_used(organization_id, id, false)',
      [actor.organizationId],
    );
    expect([total.count, unused.count]).toEqual([1_001, found?.count]);
    expect(found?.count).toBe(1_001 - namingPlaces.length - 2);
  });

  test('comes in the order that a post names, with what rules are checked against', async () => {
    const [one, two] = [
      await harness.upload(actor, await jpeg(), { alt: 'One' }),
      await harness.upload(actor, await gif(3)),
    ];
    const read = await harness.deps.db.asTenant(actor.organizationId, (tx) =>
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
    const media = await harness.upload(actor, await jpeg());
    const viewer: Actor = { ...actor, role: 'viewer' };
    expect((await listMedia(harness.deps, viewer, { limit: 5, after: null })).items).toHaveLength(1);
    await expect(deleteMedia(harness.deps, viewer, media)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(harness.upload(viewer, await jpeg())).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('optimized addresses', () => {
  test('open a picture fitted and encoded as wanted, and nothing once the media is deleted', async () => {
    const media = await harness.upload(actor, await jpeg(400, 300));
    const { url, expiresAt } = await optimizeUrl(harness.deps, actor, { publicId: media.publicId, width: 100 });
    const token = tokenOf(url);
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.now());
    expect(await openMediaFile(harness.deps, { token, takesWebp: true })).toMatchObject({ mimeType: 'image/webp' });
    const plain = await openMediaFile(harness.deps, { token, takesWebp: false });
    expect(plain.mimeType).toBe('image/jpeg');
    expect(plain.bytes).toBeLessThan(media.bytes);
    await deleteMedia(harness.deps, actor, media);
    for (const takesWebp of [true, false]) {
      await expect(openMediaFile(harness.deps, { token, takesWebp })).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(openMediaFile(harness.deps, { token: `${token}x`, takesWebp: false })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('deleting', () => {
  test.each(['draft', 'scheduled', 'retrying', 'unconfirmed'] as const)(
    'waits for a post that is %s, wherever it names the media',
    async (status) => {
      for (const where of namingPlaces) {
        const media = await harness.upload(actor, await jpeg());
        const postId = await harness.addPost(actor, media.id, status, where);
        await expect(deleteMedia(harness.deps, actor, media)).rejects.toMatchObject({ code: 'conflict' });
        await harness.sql('update posts set deleted_at = now() where id = $1', [postId]);
        await deleteMedia(harness.deps, actor, media);
      }
    },
  );

  test('is possible once the post has ended', async () => {
    const media = await harness.upload(actor, await jpeg());
    await harness.addPost(actor, media.id, 'published');
    await deleteMedia(harness.deps, actor, media);
    await expect(deleteMedia(harness.deps, actor, media)).rejects.toMatchObject({ code: 'not_found' });
    expect(await harness.storedFiles()).toEqual([]);
  });

  test('leaves the file while another upload has the same content', async () => {
    const [one, other] = [await harness.upload(actor, await jpeg()), await harness.upload(actor, await jpeg())];
    await deleteMedia(harness.deps, actor, one);
    expect(await harness.storedFiles()).toHaveLength(1);
    await deleteMedia(harness.deps, actor, other);
    expect(await harness.storedFiles()).toEqual([]);
  });
});

describe('collecting garbage', () => {
  test('takes old media that no post uses, and nothing else', async () => {
    const old = [
      await harness.upload(actor, await jpeg(50, 50)),
      await harness.upload(actor, await jpeg(51, 50)),
      await harness.upload(actor, await jpeg(52, 50)),
    ];
    const fresh = await harness.upload(actor, await jpeg(53, 50));
    await harness.sql(`update media set created_at = now() - interval '40 days' where id <> $1`, [fresh.id]);
    await harness.addPost(actor, old[0]?.id ?? '', 'published');
    await harness.addPost(actor, old[1]?.id ?? '', 'failed', 'variant');
    expect(await collectGarbage(harness.deps, { unusedDays: 30 })).toMatchObject({ media: 1, files: 1, failed: 0 });
    const left = await listMedia(harness.deps, actor, { limit: 10, after: null });
    expect(new Set(left.items.map(({ id }) => id))).toEqual(new Set([old[0]?.id, old[1]?.id, fresh.id]));
    expect(await harness.storedFiles()).toHaveLength(3);
  });

  test('takes an upload that was cut off, and not one that is under way', async () => {
    const insert = (id: string, hours: number) =>
      harness.sql(
        `insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, touched_at)
         values ($1, $2, 'local', $3, 'image/jpeg', 5, $1, '{}', now() - $4 * interval '1 hour')`,
        [id, actor.organizationId, `${actor.organizationId}/aa/${'a'.repeat(64)}.jpg`, hours],
      );
    await insert('obj_cut', 7);
    await insert('obj_busy', 1);
    await collectGarbage(harness.deps, { unusedDays: 30 });
    expect(
      await harness.sql(`select id from media_objects where organization_id = $1`, [actor.organizationId]),
    ).toEqual([{ id: 'obj_busy' }]);
  });
});
