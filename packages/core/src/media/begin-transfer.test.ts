import { setMediaQuota } from '@vibetribe/db/testing/test-rows';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { picture } from '@vibetribe/media/fixtures/test-images';
import { receiveUpload } from '@vibetribe/media/upload/receive-upload';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { beginTransfer } from './begin-transfer.ts';
import { collectGarbage } from './collect-garbage.ts';
import { getMediaStats } from './get-media-stats.ts';
import { createMediaHarness, type MediaHarness } from './test-media.ts';
import { uploadMedia } from './upload-media.ts';

let harness: MediaHarness;
let actor: Actor;

beforeAll(async () => {
  harness = await createMediaHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addOrganization();
});

const megabyte = 1024 * 1024;
const setQuota = (bytesMax: number) => setMediaQuota(harness.sql, { organizationId: actor.organizationId, bytesMax });
const bytesLeft = async () => (await getMediaStats(harness.deps, actor)).quota.bytesLeft;
const receive = (source: Readable, room: ReturnType<typeof beginTransfer>) =>
  receiveUpload(
    { source, fileName: null, room },
    { directory: harness.deps.media.incomingDirectory, digests: harness.deps.media.digests },
  );

async function incomingBytes(): Promise<number> {
  const { incomingDirectory } = harness.deps.media;
  const names = await readdir(incomingDirectory).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(incomingDirectory, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A film that sends so many bytes, and then neither more nor its end. */
function unfinished(bytes: number): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from('\0\0\0\u0018ftypisom\0\0\0\0isommp42', 'latin1');
      for (let sent = 24; sent < bytes; sent += 65_536) yield Buffer.alloc(65_536, 1);
      await new Promise(() => undefined);
    })(),
  );
}

test('transfers that never end take no more of the disk than the quota, however many there are', async () => {
  await setQuota(6 * megabyte);
  const uploads = Array.from({ length: 8 }, () => unfinished(50 * megabyte));
  const outcomes = uploads.map(async (source) => {
    await using transfer = beginTransfer(harness.deps, actor);
    return await receive(source, transfer).then(
      () => 'received',
      (error: unknown) => error,
    );
  });
  for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'quota_exceeded' });
  expect(await incomingBytes()).toBe(0);
  expect(await bytesLeft()).toBe(6 * megabyte);
});

test('what is on its way counts, what has arrived counts once, and a file as large as what is left is taken', async () => {
  const file = await picture(1200, 900).png().toBuffer();
  expect(file.length).toBeGreaterThan(megabyte);
  await setQuota(file.length);
  await using transfer = beginTransfer(harness.deps, actor);
  await using received = await receive(Readable.from([file.subarray(0, 5_000), file.subarray(5_000)]), transfer);
  expect(await bytesLeft()).toBe(0);
  await uploadMedia(harness.deps, actor, { file: received, alt: null, transfer });
  expect(await bytesLeft()).toBe(0);
  await transfer[Symbol.asyncDispose]();
  expect(await getMediaStats(harness.deps, actor)).toMatchObject({ storedBytes: file.length, quota: { bytesLeft: 0 } });
});

test('a transfer whose process is gone counts for a while and is collected then', async () => {
  await setQuota(10 * megabyte);
  const transfer = beginTransfer(harness.deps, actor);
  await transfer.take(3 * megabyte);
  expect(await bytesLeft()).toBeLessThan(7.1 * megabyte);
  await harness.sql(`update media_transfers set started_at = now() - interval '21 minutes'`);
  expect(await bytesLeft()).toBe(10 * megabyte);
  await collectGarbage(harness.deps, { unusedDays: 30 });
  expect(await harness.sql('select 1 from media_transfers')).toEqual([]);
});

test('one organization’s transfers are not another’s', async () => {
  await setQuota(megabyte);
  const other = await harness.addOrganization();
  await using transfer = beginTransfer(harness.deps, other);
  await transfer.take(50 * megabyte);
  expect(await bytesLeft()).toBe(megabyte);
});

test('where the disk has no room left, nothing is taken and nothing is written', async () => {
  const disk = { ...harness.deps.media.disk, require: () => Promise.reject(new Error('full')) };
  await using transfer = beginTransfer({ ...harness.deps, media: { ...harness.deps.media, disk } }, actor);
  await expect(receive(unfinished(200_000), transfer)).rejects.toThrow('full');
  await waitFor(async () => (await incomingBytes()) === 0, { describe: 'nothing left' });
  expect(await harness.sql('select 1 from media_transfers where organization_id = $1', [actor.organizationId])).toEqual(
    [],
  );
});
