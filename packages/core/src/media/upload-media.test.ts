import { setMediaQuota } from '@vibetribe/db/testing/test-rows';
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { startCloudinaryServer } from '@vibetribe/media/fixtures/cloudinary-server';
import { jpeg, picture, png } from '@vibetribe/media/fixtures/test-images';
import { pptx } from '@vibetribe/media/fixtures/test-office';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { describe, expect, inject, test } from 'vitest';
import { deleteMedia } from './delete-media.ts';
import { getMediaStats } from './get-media-stats.ts';
import { openMediaFile } from './open-media-file.ts';
import { optimizeUrl } from './optimize-url.ts';
import { createMediaHarness } from './test-media.ts';
import { harness, actor, tokenOf } from './test-media-verbs.ts';

describe('uploading', () => {
  test('a picture comes back with what was read from its bytes and an address that opens it', async () => {
    const file = await png(120, 80);
    const media = await harness.upload(actor, file, { alt: 'A view' });
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
    const opened = await openMediaFile(harness.deps, { token: tokenOf(media.url), takesWebp: false });
    expect(opened).toMatchObject({ mimeType: 'image/png', bytes: file.length });
  });

  test('what may not be kept is cut off before: size, digest and file are those of the picture alone', async () => {
    const good = await jpeg(90, 60);
    const media = await harness.upload(actor, Buffer.concat([good, Buffer.from('<html>not found</html>')]));
    expect(media).toMatchObject({ bytes: good.length, mimeType: 'image/jpeg' });
    const opened = await openMediaFile(harness.deps, { token: tokenOf(media.url), takesWebp: false });
    expect(await readFile(opened.path)).toEqual(good);
    const [row] = await harness.sql<{ sha256: string }>('select sha256 from media where id = $1', [media.id]);
    expect(row?.sha256).toBe(createHash('sha256').update(good).digest('hex'));
  });

  test('an office document is named by its inside, and comes as a file to be saved', async () => {
    const media = await harness.upload(actor, pptx(4));
    const mimeType = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
    expect(media).toMatchObject({ type: 'document', mimeType, width: null, details: { pages: 4 } });
  });

  test('a video tells its length and codec', async () => {
    expect(await harness.upload(actor, movie({ sound: 'mp4a' }))).toMatchObject({
      type: 'video',
      durationMs: 5000,
      details: { codec: 'h264', audioCodec: 'aac' },
    });
  });

  test('the same content is kept once, however many uploads bring it at once', async () => {
    const file = await jpeg(333, 222);
    const media = await Promise.all(Array.from({ length: 8 }, () => harness.upload(actor, file)));
    expect(new Set(media.map(({ id }) => id)).size).toBe(8);
    expect(await harness.storedFiles()).toHaveLength(1);
    expect((await getMediaStats(harness.deps, actor)).storedBytes).toBe(file.length);
  });

  test('two organizations never share a file', async () => {
    const file = await jpeg();
    await harness.upload(actor, file);
    await harness.upload(await harness.addOrganization(), file);
    expect(await harness.storedFiles()).toHaveLength(2);
  });

  test('a broken file is refused and nothing is kept of it', async () => {
    const broken = (await jpeg()).subarray(0, 3000);
    await expect(harness.upload(actor, broken)).rejects.toMatchObject({
      name: 'DomainError',
      code: 'validation_failed',
      errors: [{ path: 'file' }],
    });
    expect(await harness.storedFiles()).toEqual([]);
    expect(await harness.sql('select 1 from media_objects where organization_id = $1', [actor.organizationId])).toEqual(
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
    await setMediaQuota(harness.sql, { organizationId: actor.organizationId, bytesMax: largest * 3 });
    const results = await Promise.allSettled(files.map((file) => harness.upload(actor, file)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'quota_exceeded' } });
    const stats = await getMediaStats(harness.deps, actor);
    expect(stats.storedBytes).toBeLessThanOrEqual(largest * 3);
    expect(stats.quota.bytesMax).toBe(largest * 3);
  });

  test('an upload whose content is being deleted by another stores it again', async () => {
    const file = await jpeg(200, 100);
    for (let round = 0; round < 5; round += 1) {
      const first = await harness.upload(actor, file);
      const [second] = await Promise.all([harness.upload(actor, file), deleteMedia(harness.deps, actor, first)]);
      const opened = await openMediaFile(harness.deps, { token: tokenOf(second.url), takesWebp: false });
      await access(opened.path);
      await deleteMedia(harness.deps, actor, second);
      expect(await harness.storedFiles()).toEqual([]);
    }
  });

  test('a store that is away is told as that, and takes no room', async () => {
    const account = { cloudName: 'demo', apiKey: '1', apiSecret: 'secret' };
    await using server = await startCloudinaryServer(account);
    const cloudinary = { ...account, uploadOrigin: server.origin, deliveryOrigin: server.origin };
    await using there = await createMediaHarness(inject('postgresUrl'), { cloudinary });
    const someone = await there.addOrganization();
    server.failWith(500, 1);
    await expect(there.upload(someone, await jpeg())).rejects.toMatchObject({ code: 'unavailable' });
    expect((await getMediaStats(there.deps, someone)).storedBytes).toBe(0);
    const media = await there.upload(someone, await jpeg());
    expect(media.url).toContain(`${server.origin}/demo/image/upload/`);
    expect(media.publicId).not.toContain('/');
    expect((await optimizeUrl(there.deps, someone, { publicId: media.publicId, width: 300 })).url).toContain('w_300');
    await deleteMedia(there.deps, someone, media);
    expect(server.files.size).toBe(0);
  });
});
