import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFileDigests } from '../upload/file-digests.ts';
import { hostileImages } from '../fixtures/hostile-images.ts';
import { hostileMovies } from '../fixtures/hostile-movies.ts';
import { jpeg } from '../fixtures/test-images.ts';
import { createInspector, type Inspector, inspectorDefaults } from './inspector.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { receiveUpload } from '../upload/receive-upload.ts';

const refusalMsMax = 1_000;
const triesMax = 5;

const digests = createFileDigests();
let directory: string;
let inspector: Inspector;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-hostile-'));
  // One process, so that what one file does to it would show in the next.
  inspector = createInspector({ ...inspectorDefaults, processesMax: 1 });
  await take(await jpeg(), 'warm-up.jpg');
});

afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await digests[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function take(file: Buffer, name: string) {
  const source = Readable.from(pieces(file));
  await using received = await receiveUpload({ source, fileName: name }, { directory, digests });
  return await inspector.inspect({ kind: 'probe', path: received.path, mimeType: received.mimeType }, 'org_1');
}

function* pieces(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += 65_536) yield file.subarray(at, at + 65_536);
}

test.each([...hostileImages, ...hostileMovies])(
  '$what is refused as $code within a second and leaves nothing',
  async ({ make, name, code }) => {
    const file = await make();
    // What else the machine does only adds to it: the fastest of a few tries counts.
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < triesMax && fastestMs >= refusalMsMax; tries += 1) {
      const startedAtMs = performance.now();
      const refusal = await take(file, name).then(
        (facts) => expect.fail(`it was taken: ${JSON.stringify(facts)}`),
        (error: unknown) => error,
      );
      fastestMs = Math.min(fastestMs, performance.now() - startedAtMs);
      expect(refusal).toBeInstanceOf(MediaRefusedError);
      expect(refusal).toMatchObject({ code });
    }
    expect(fastestMs).toBeLessThan(refusalMsMax);
    expect(await readdir(directory)).toEqual([]);
  },
);

test('after all of them, a good picture is still taken', async () => {
  expect(await take(await jpeg(), 'a.jpg')).toMatchObject({ width: 320, height: 200 });
});
