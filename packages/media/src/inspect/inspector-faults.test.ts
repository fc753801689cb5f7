import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectorPids } from '../fixtures/inspector-pids.ts';
import { jpeg, largePicture, phoneJpeg } from '../fixtures/test-images.ts';
import { MediaHelperError } from '../media-helper-error.ts';
import { readProcessUsage } from './process-usage.ts';
import { createInspector, type Inspector, inspectorDefaults, type InspectorOptions } from './inspector.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-helpers-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function file(name: string, content: Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** Keeps a process busy for a second or more. */
async function slowWork(inspector: Inspector) {
  const inputPath = await file('in', await phoneJpeg(4500, 3500, 6, 90));
  const outputPath = join(directory, 'out');
  const limits = { bytesMax: 1_000_000, widthMax: null, heightMax: null, pixelsMax: null, quality: null };
  return {
    outputPath,
    rendering: inspector.inspect(
      { kind: 'render', inputPath, outputPath, mimeTypes: ['image/jpeg'], ...limits },
      'org_1',
    ),
  };
}

const probe = (inspector: Inspector, path: string) =>
  inspector.inspect({ kind: 'probe', path, mimeType: 'image/jpeg' }, 'org_1');

function oneProcess(changed: Partial<InspectorOptions['probe']> = {}) {
  const { probe: usual, render } = inspectorDefaults;
  return createInspector({
    ...inspectorDefaults,
    processesMax: 1,
    probe: { ...usual, ...changed },
    render: { ...render, ...changed },
  });
}

/** The process that is at work, told apart from those given. */
async function nextPid(known: readonly number[] = []): Promise<number> {
  const found = await waitFor(
    async () => (await inspectorPids(process.pid)).find((pid) => !known.includes(pid)) ?? null,
    { describe: 'a process to be started', intervalMs: 2 },
  );
  if (found === null) throw new Error('no process');
  return found;
}

/** Until it has used more of the processor than its start takes: it is in the middle of the work then. */
async function untilBusy(pid: number, startMs = 500): Promise<void> {
  const from = readProcessUsage(pid)?.cpuMs ?? 0;
  await waitFor(() => (readProcessUsage(pid)?.cpuMs ?? 0) > Math.max(startMs, from + 30), {
    describe: 'the process to be busy',
    intervalMs: 2,
  });
}

describe.runIf(process.platform === 'linux')('what goes wrong with a helper process', { timeout: 90_000 }, () => {
  test('a process that has grown refuses nothing: what counts is what a file adds', async () => {
    await using inspector = oneProcess({ growthBytesMax: 400_000_000 });
    const large = await file('large.jpg', await largePicture(6000, 4000).jpeg({ progressive: true }).toBuffer());
    await probe(inspector, large);
    const [pid] = await inspectorPids(process.pid);
    const small = await file('small.jpg', await jpeg());
    await using strict = oneProcess({ growthBytesMax: 60_000_000 });
    await probe(strict, small);
    for (let again = 0; again < 20; again += 1) expect(await probe(strict, small)).toMatchObject({ width: 320 });
    expect(await probe(inspector, small)).toMatchObject({ width: 320 });
    expect(await inspectorPids(process.pid)).toContain(pid);
  });

  test('a limit hit in a used process is tried again in a fresh one', async () => {
    await using inspector = oneProcess();
    const small = await file('small.jpg', await jpeg());
    await probe(inspector, small);
    const used = await nextPid();
    const { rendering } = await slowWork(inspector);
    await untilBusy(used);
    // As if what came before had left something that crashes.
    process.kill(used, 'SIGSEGV');
    expect((await rendering).bytes).toBeLessThan(1_000_000);
    expect(await inspectorPids(process.pid)).not.toContain(used);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'a process killed by %s in the middle of a file is replaced',
    async (signal) => {
      await using inspector = oneProcess();
      const { rendering } = await slowWork(inspector);
      const pid = await nextPid();
      await untilBusy(pid);
      process.kill(pid, signal);
      expect((await rendering).bytes).toBeLessThan(1_000_000);
    },
  );

  test('a process frozen in the middle of a file is replaced', async () => {
    await using inspector = oneProcess({ stalledMsMax: 400 });
    const { rendering } = await slowWork(inspector);
    const pid = await nextPid();
    await untilBusy(pid);
    process.kill(pid, 'SIGSTOP');
    expect((await rendering).bytes).toBeLessThan(1_000_000);
    expect(await inspectorPids(process.pid)).not.toContain(pid);
  });

  test('what a process was held up is no time that a file takes', async () => {
    const cpuMsMax = 2_000;
    await using inspector = oneProcess({ cpuMsMax, stalledMsMax: 60_000 });
    const small = await file('small.jpg', await jpeg());
    await probe(inspector, small);
    const pid = await nextPid();
    process.kill(pid, 'SIGSTOP');
    const answer = probe(inspector, small);
    await sleep(cpuMsMax + 300);
    process.kill(pid, 'SIGCONT');
    expect(await answer).toMatchObject({ width: 320 });
    expect(await inspectorPids(process.pid)).toContain(pid);
  });

  test('a process killed or frozen while it had no work is replaced', async () => {
    await using inspector = oneProcess({ stalledMsMax: 400 });
    const small = await file('small.jpg', await jpeg());
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      await probe(inspector, small);
      process.kill(await nextPid(), signal);
      expect(await probe(inspector, small)).toMatchObject({ width: 320 });
    }
  });

  test('a rendering whose process is killed begins anew and leaves one file', async () => {
    await using inspector = oneProcess();
    const { rendering, outputPath } = await slowWork(inspector);
    const pid = await nextPid();
    await untilBusy(pid);
    process.kill(pid, 'SIGKILL');
    const { bytes } = await rendering;
    expect(await readFile(outputPath)).toHaveLength(bytes);
    expect((await readdir(directory)).toSorted()).toEqual(['in', 'out']);
  });

  test('where every process is killed, it is said that nothing is known about the file', async () => {
    await using inspector = oneProcess();
    const { rendering } = await slowWork(inspector);
    const { outcome, killed } = await killEveryProcess(rendering, async (pid) => process.kill(pid, 'SIGKILL'));
    expect(outcome).toBeInstanceOf(MediaHelperError);
    // One more may have begun before it was told.
    expect([4, 5]).toContain(killed);
  });

  test('a file that makes a fresh process fail is at fault', async () => {
    await using inspector = oneProcess();
    const { rendering } = await slowWork(inspector);
    // A crash before the work is not the file's: what still starts on a slow machine is given more time at the next try.
    let startMs = 500;
    const { outcome } = await killEveryProcess(rendering, async (pid) => {
      await untilBusy(pid, startMs);
      startMs += 300;
      process.kill(pid, 'SIGSEGV');
    });
    expect(outcome).toMatchObject({ name: 'MediaRefusedError', code: 'malformed' });
  });
});

/** Kills each process that takes up the work, until the work ends. */
async function killEveryProcess(
  rendering: Promise<unknown>,
  kill: (pid: number) => Promise<unknown>,
): Promise<{ outcome: unknown; killed: number }> {
  const killed: number[] = [];
  const outcome = rendering.then(
    () => 'rendered',
    (error: unknown) => error,
  );
  const isOver = outcome.then(() => null);
  for (;;) {
    const pid = await Promise.race([isOver, nextPid(killed)]);
    if (pid === null) return { outcome: await outcome, killed: killed.length };
    await kill(pid);
    killed.push(pid);
  }
}
