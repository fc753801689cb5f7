import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { inspectorPids } from '@vibetribe/media/fixtures/inspector-pids';
import { phoneJpeg } from '@vibetribe/media/fixtures/test-images';
import { createMediaLibrary, type MediaLibrary } from '@vibetribe/media/media-library';
import { createMediaUrls } from '@vibetribe/media/serve/media-urls';
import { receiveUpload } from '@vibetribe/media/upload/receive-upload';
import { expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { createPublishingEngine } from '../publishing/publishing-engine.ts';
import { createTestHarness, type TestHarness } from '../publishing/testing/test-harness.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { createSpareBytes } from './spare-bytes.ts';
import { uploadMedia } from './upload-media.ts';

const seed = Number(process.env['TEST_SEED'] ?? 1);
const isFull = process.env['TEST_FULL'] === '1';
const count = Number(process.env['TEST_PUBLICATIONS'] ?? (isFull ? 400 : 16));
console.log(`TEST_SEED=${seed}: ${count} publications of the 400 that a complete run has`);

const parallel = 4;
const turnsMax = 60;
const mediaQuotaBytes = 20_000_000_000;
/** Width and height; all are held on their side, so that each has to be decoded, turned and encoded. */
const sizes = [
  [1_160, 870],
  [8_192, 6_144],
  [1_632, 1_224],
  [4_000, 3_000],
  [2_048, 1_536],
  [2_592, 1_944],
  [6_000, 4_000],
  [3_264, 2_448],
  [1_200, 900],
  [4_000, 3_000],
  [4_608, 3_456],
  [2_304, 1_728],
] as const;

test.runIf(process.platform === 'linux')(
  'photos of 1 to 50 megapixels, four at a time, while helpers are killed and frozen: each is published once',
  { timeout: isFull ? 3 * 3_600_000 : 400_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const harness = stack.use(await createTestHarness(inject('postgresUrl')));
    const dataDir = stack.adopt(await mkdtemp(join(tmpdir(), 'vt-attacked-')), (path) => rm(path, { recursive: true }));
    const { deps, media } = openMedia(harness, dataDir);
    stack.use(media);
    const engine = stack.use(
      createPublishingEngine(harness.deps, {
        settings: { ...harness.settings, claimLeaseMs: 120_000 },
        owner: 'test',
        media: { reader: media.reader, urls: null },
        random: () => 0,
      }),
    );
    const { organizationId, accountId } = await harness.addAccount();
    const actor: Actor = {
      organizationId,
      userId: null,
      role: 'editor',
      scopes: null,
      accountIds: null,
      serviceAdmin: false,
      principal: 'user:test',
    };
    const photos = await Promise.all(sizes.map(([width, height]) => phoneJpeg(width, height, 6)));
    const met = { done: 0, killed: 0, frozen: 0, uploadedAgain: 0, publishedAgain: 0 };
    const startedAtMs = performance.now();

    const publishOne = async (number: number): Promise<string> => {
      const photo = named(photos[number % photos.length] ?? Buffer.alloc(0), `photo ${number}`);
      const mediaId = await uploadUntilTaken(deps, actor, photo, () => (met.uploadedAgain += 1));
      const content = `Photo ${number}`;
      const postId = await addPost(harness.sql, {
        organizationId,
        content,
        mediaIds: [mediaId],
        scheduledAt: new Date(),
      });
      const id = await addPublication(harness.sql, { organizationId, postId, accountId, dueAt: new Date() });
      for (let turn = 0; turn < turnsMax; turn += 1) {
        await harness.sql(`update publications set due_at = now() - interval '1 ms' where id = $1`, [id]);
        await engine.publish(id);
        const [row] = await harness.sql<{ status: string }>('select status from publications where id = $1', [id]);
        if (row === undefined || ['published', 'failed', 'unconfirmed'].includes(row.status)) break;
        met.publishedAgain += 1;
      }
      met.done += 1;
      if (met.done % 50 === 0) console.log(`${met.done} of ${count}: ${JSON.stringify(met)}`);
      return id;
    };
    const attack = startAttack(met);
    const ids: string[] = [];
    let next = 0;
    const worker = async () => {
      while (next < count) ids.push(await publishOne(next++));
    };
    try {
      await Promise.all(Array.from({ length: parallel }, worker));
    } finally {
      await attack.stop();
    }

    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    console.log(`${count} publications in ${seconds} s: ${JSON.stringify(met)}`);
    const rows = await harness.sql<{ status: string; attempts: number; count: number }>(
      'select status, attempts, count(*)::int from publications where id = any($1) group by 1, 2',
      [ids],
    );
    expect(rows).toEqual([{ status: 'published', attempts: 1, count }]);
    const accepted = harness.platform.accepted.map(({ text }) => text);
    expect(new Set(accepted).size).toBe(count);
    expect(accepted).toHaveLength(count);
    expect(met.killed + met.frozen).toBeGreaterThan(count / 12);
  },
);

function openMedia(
  { deps: { db, clock, logger } }: TestHarness,
  dataDir: string,
): { deps: MediaDependencies; media: MediaLibrary } {
  const now = () => clock.now();
  const spareBytes = createSpareBytes({ db, clock, mediaQuotaBytes });
  const media = createMediaLibrary({ dataDir, cloudinary: null, diskReserveBytes: 0, spareBytes, now });
  const key = Buffer.alloc(32, 7);
  const mediaUrls = createMediaUrls({ store: media.store, key, origin: () => 'https://api.example', now });
  return { media, deps: { db, clock, logger, media, mediaUrls, mediaQuotaBytes } };
}

/** The same picture with a comment of its own: nobody has it yet. */
function named(jpeg: Buffer, comment: string): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(comment), jpeg.subarray(2)]);
}

/** As a client does that is answered 503 with Retry-After; any other answer ends the test. */
async function uploadUntilTaken(
  deps: MediaDependencies,
  actor: Actor,
  photo: Buffer,
  onRefused: () => void,
): Promise<string> {
  const { incomingDirectory: directory, digests } = deps.media;
  for (let turn = 0; turn < turnsMax; turn += 1) {
    await using file = await receiveUpload({ source: Readable.from([photo]), fileName: null }, { directory, digests });
    try {
      return (await uploadMedia(deps, actor, { file, alt: null, transfer: null })).id;
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'unavailable')) throw error;
      onRefused();
    }
  }
  throw new Error('no upload was ever taken');
}

const paceMsMax = 5_000;

/** For about every publication one of the helper processes dies, or stops and says nothing any more. */
function startAttack(met: { done: number; killed: number; frozen: number }): { stop(): Promise<void> } {
  const ended = new AbortController();
  const frozen = new Set<number>();
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const attack = async () => {
    while (!ended.signal.aborted) {
      // As fast as work is done, so that a busy machine is attacked no more often than an idle one for the same work.
      const before = met.done;
      const until = performance.now() + paceMsMax;
      while (met.done === before && performance.now() < until && !ended.signal.aborted) await sleep(50);
      await sleep(random(1_000));
      const pids = (await inspectorPids(process.pid)).filter((pid) => !frozen.has(pid));
      const pid = pids[random(Math.max(1, pids.length))];
      if (pid === undefined) continue;
      const isFreeze = random(6) === 0;
      if (isFreeze) frozen.add(pid);
      met[isFreeze ? 'frozen' : 'killed'] += 1;
      signal(pid, isFreeze ? 'SIGSTOP' : 'SIGKILL');
    }
  };
  const attacking = attack();
  return {
    async stop() {
      ended.abort();
      await attacking;
      for (const pid of frozen) signal(pid, 'SIGKILL');
    },
  };
}

/** It may have ended since. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
