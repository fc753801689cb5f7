import { createHash, randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileDigests, type FileDigests } from './file-digests.ts';

let directory: string;
let digests: FileDigests;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-digests-'));
  digests = createFileDigests();
});
afterEach(async () => {
  await digests[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const sha256Of = (data: Buffer) => createHash('sha256').update(data).digest('hex');

test('files that grow at the same time get their own digests, of exactly so many bytes', async () => {
  const files = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const data = randomBytes(3_000_000 + number);
      const path = join(directory, String(number));
      await writeFile(path, data.subarray(0, 1_000_000));
      const digest = digests.begin(path);
      digest.reached(1_000_000);
      return { data, path, digest };
    }),
  );
  for (const { data, path, digest } of files) {
    await appendFile(path, data.subarray(1_000_000));
    digest.reached(2_500_000);
  }
  const found = await Promise.all(files.map(({ digest, data }) => digest.finish(data.length - 7)));
  expect(found).toEqual(files.map(({ data }) => sha256Of(data.subarray(0, -7))));
});

test('an empty digest, a file that is too short and one that is not there are told apart', async () => {
  const path = join(directory, 'short');
  await writeFile(path, 'abc');
  await expect(digests.begin(path).finish(0)).resolves.toBe(sha256Of(Buffer.alloc(0)));
  await expect(digests.begin(path).finish(4)).rejects.toThrow(/after 3 of 4 bytes/);
  await expect(digests.begin(join(directory, 'none')).finish(1)).rejects.toThrow(/ENOENT/);
  await expect(digests.begin(path).finish(3)).resolves.toBe(sha256Of(Buffer.from('abc')));
});

test('one that is given up leaves no descriptor', async () => {
  const path = join(directory, 'abandoned');
  await writeFile(path, 'abc');
  for (let count = 0; count < 50; count += 1) {
    using digest = digests.begin(path);
    digest.reached(3);
  }
  await digests.begin(path).finish(3);
  await waitFor(async () => !(await openPaths()).includes(path), { describe: 'no descriptor of the file' });
});

test('after its end nothing hangs: what was under way is rejected, and a new file gets a new thread', async () => {
  const path = join(directory, 'file');
  await writeFile(path, 'abc');
  const unfinished = digests.begin(path);
  await digests[Symbol.asyncDispose]();
  await expect(unfinished.finish(3)).rejects.toThrow(/has ended/);
  await expect(digests.begin(path).finish(3)).resolves.toBe(sha256Of(Buffer.from('abc')));
});

async function openPaths(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  return Promise.all(descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')));
}
