import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileWriter } from './file-writer.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-writer-'));
});
afterEach(() => rm(directory, { recursive: true }));

test.each([
  ['many small', Array.from({ length: 3_000 }, (_, index) => Buffer.alloc((index % 7) + 1, index))],
  ['few large', Array.from({ length: 5 }, (_, index) => Buffer.alloc(700_000, index))],
  ['no', []],
  ['empty', [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(0)]],
])('%s pieces are on disk in their order', async (_, pieces) => {
  const path = join(directory, 'file');
  await using file = await open(path, 'wx');
  await using writer = createFileWriter(file);
  for (const piece of pieces) await writer.write(piece);
  await writer.finish();
  expect(await readFile(path)).toEqual(Buffer.concat(pieces));
});

test.runIf(process.platform === 'linux')('a full disk is told, at the latest when it is finished', async () => {
  await using file = await open('/dev/full', 'w');
  await using writer = createFileWriter(file);
  await expect(
    (async () => {
      for (let count = 0; count < 3; count += 1) await writer.write(Buffer.alloc(600_000));
      await writer.finish();
    })(),
  ).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a fault of the disk that the system tells on the way, and only once, is told at the end', async () => {
  await using file = await open(join(directory, 'file'), 'wx');
  let syncs = 0;
  const failsOnce = async () => {
    syncs += 1;
    if (syncs === 1) throw Object.assign(new Error('input/output error'), { code: 'EIO' });
  };
  const handle = new Proxy(file, {
    get: (target, name) =>
      name === 'datasync' ? failsOnce : (Reflect.get(target, name, target) as () => unknown).bind(target),
  });
  await using writer = createFileWriter(handle);
  for (let count = 0; count < 12; count += 1) await writer.write(Buffer.alloc(600_000));
  await expect(writer.finish()).rejects.toMatchObject({ cause: { code: 'EIO' } });
});
