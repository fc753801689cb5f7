import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDiskSpace, renditionReserveShare } from './disk-space.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'vt-disk-'));
});
afterEach(() => rm(parent, { recursive: true }));

const disk = (reserveBytes: number | null) => createDiskSpace({ directory: join(parent, 'new/media'), reserveBytes });

test('a directory that is not there yet is made, and its disk told', async () => {
  const room = await disk(null).read();
  expect(room.freeBytes).toBeGreaterThan(0);
  expect(room.totalBytes).toBeGreaterThanOrEqual(room.freeBytes);
  expect(room.reserveBytes).toBeLessThanOrEqual(Math.max(1024 ** 3, room.totalBytes / 10));
  expect(await disk(0).health()).toMatchObject({
    ok: true,
    freeBytes: expect.any(Number),
    detail: 'there is room for files',
  });
});

test('nothing is written into the reserve, but for half of it what has to go on', async () => {
  const { freeBytes } = await disk(0).read();
  // Others use the disk meanwhile.
  const slack = 500_000_000;
  await expect(disk(freeBytes - slack).require(2 * slack)).rejects.toMatchObject({ kind: 'full' });
  await disk(freeBytes - slack).require(2 * slack, renditionReserveShare);
  await disk(0).require(freeBytes - slack);
  await expect(disk(0).require(freeBytes + slack)).rejects.toMatchObject({ name: 'MediaStoreError', kind: 'full' });
});

test('health is ill before nothing is left', async () => {
  const { freeBytes } = await disk(0).read();
  expect(await disk(Math.round(freeBytes * 1.5)).health()).toMatchObject({
    ok: true,
    detail: expect.stringContaining('no files are taken'),
  });
  expect(await disk(freeBytes * 3).health()).toMatchObject({
    ok: true,
    detail: expect.stringContaining('posts with pictures wait'),
  });
  expect(await disk(freeBytes * 8).health()).toMatchObject({ ok: false });
});

test('a directory that cannot be had is ill, and no error', async () => {
  const impossible = createDiskSpace({ directory: '/dev/null/media', reserveBytes: 0 });
  expect(await impossible.health()).toMatchObject({ ok: false, detail: expect.stringContaining('cannot be read') });
});
