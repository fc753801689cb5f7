import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Inspection } from './inspection.ts';
import { type InspectionFailure, InspectionFailedError } from './inspection-failed-error.ts';
import type { InspectorReply } from './inspector-reply.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';

/** What one inspection may take, counted from its beginning: what the process used before is not this file's. */
export interface InspectionLimits {
  /** Of the processor. Where the system does not tell (it does on Linux), time on the clock stands for it. */
  readonly cpuMsMax: number;
  /** Memory by which the process may grow. Watched where the system tells. */
  readonly growthBytesMax: number;
  /** On the clock, however little of the processor it gets; beyond, it counts as starved. */
  readonly wallMsMax: number;
  /** Without any use of the processor; beyond, it counts as starved: frozen, or waiting for a disk that does not answer. */
  readonly stalledMsMax: number;
}

/** One process that does one inspection at a time, and is killed where it takes too long or too much. */
export interface InspectorProcess {
  /** False once it has been killed or has died: it is of no use then. */
  isAlive(): boolean;
  /** Memory it holds now; 0 where the system does not tell. */
  residentBytes(): number;
  /** @throws InspectionFailedError where it gives no answer; it has ended then */
  run(inspection: Inspection, limits: InspectionLimits): Promise<InspectorReply>;
  kill(): void;
}

const mainPath = fileURLToPath(new URL('./main.ts', import.meta.url));
const startLimits: InspectionLimits = {
  cpuMsMax: 20_000,
  growthBytesMax: Infinity,
  wallMsMax: 60_000,
  stalledMsMax: 10_000,
};
const watchIntervalMs = 15;

/**
 * Starts a process with no environment: what runs there has no secret to give away.
 * @throws InspectionFailedError `not_started`
 */
export async function startInspectorProcess(): Promise<InspectorProcess> {
  const child = await startChild();
  release(child);
  return {
    isAlive: () => child.connected,
    residentBytes: () => readProcessUsage(child.pid)?.residentBytes ?? 0,
    kill: () => kill(child),
    async run(inspection, limits) {
      hold(child);
      try {
        const reply = nextReply(child, limits);
        // A process that has just died is told by its end.
        child.send(inspection, () => undefined);
        return await reply;
      } catch (error) {
        kill(child);
        throw error;
      } finally {
        release(child);
      }
    },
  };
}

async function startChild(): Promise<ChildProcess> {
  let child: ChildProcess | null = null;
  try {
    child = fork(mainPath, [], {
      env: { MALLOC_ARENA_MAX: '2' },
      execArgv: ['--max-old-space-size=128'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await nextReply(child, startLimits);
    return child;
  } catch (cause) {
    if (child !== null) kill(child);
    throw new InspectionFailedError('not_started', { cause });
  }
}

function nextReply(child: ChildProcess, limits: InspectionLimits): Promise<InspectorReply> {
  const { promise, resolve, reject } = Promise.withResolvers<InspectorReply>();
  const fail = (failure: InspectionFailure, cause?: unknown) => reject(new InspectionFailedError(failure, { cause }));
  const onExit = (code: number | null, signal: NodeJS.Signals | null) => fail(failureOfExit(code, signal));
  const onError = (error: Error) => fail('killed', error);
  const check = createUsageCheck(() => readProcessUsage(child.pid), limits);
  const watch = setInterval(() => {
    const failure = check();
    if (failure !== null) fail(failure);
  }, watchIntervalMs);
  child.once('message', resolve).once('exit', onExit).once('error', onError);
  return promise.finally(() => {
    clearInterval(watch);
    child.off('message', resolve).off('exit', onExit).off('error', onError);
  });
}

/** Compares what is used with what was used at the first look. */
function createUsageCheck(
  read: () => ProcessUsage | null,
  { cpuMsMax, growthBytesMax, wallMsMax, stalledMsMax }: InspectionLimits,
): () => InspectionFailure | null {
  const startedAtMs = performance.now();
  const before = read();
  let last = { cpuMs: before?.cpuMs ?? 0, atMs: startedAtMs };
  return () => {
    const atMs = performance.now();
    const usage = before === null ? null : read();
    const cpuMs = usage?.cpuMs ?? 0;
    if (usage === null || cpuMs !== last.cpuMs) last = { cpuMs, atMs };
    if ((usage?.residentBytes ?? 0) - (before?.residentBytes ?? 0) > growthBytesMax) return 'too_much_memory';
    const usedMs = usage === null || before === null ? atMs - startedAtMs : cpuMs - before.cpuMs;
    if (usedMs > cpuMsMax) return 'too_much_time';
    return atMs - startedAtMs > wallMsMax || atMs - last.atMs > stalledMsMax ? 'starved' : null;
  };
}

/** Signals that the system sends to a process for what it has done itself; any other one comes from outside. */
const ownFaults: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/** It ends by itself, with 0, only where its channel to us has gone. */
function failureOfExit(code: number | null, signal: NodeJS.Signals | null): InspectionFailure {
  if (signal !== null) return ownFaults.has(signal) ? 'crashed' : 'killed';
  return code === 0 ? 'killed' : 'crashed';
}

/** An idle process does not keep its parent from ending. */
function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
  if (child.connected) child.disconnect();
}
