import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Inspection } from './inspection.ts';
import type { InspectorReply } from './inspector-reply.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface InspectionLimits {
  readonly deadlineMs: number;
  /** Of the whole process, Node itself (about 80 MB) included. Watched where the system tells it (Linux). */
  readonly residentBytesMax: number;
}

/** One process that does one inspection at a time, and is killed where it takes too long or too much. */
export interface InspectorProcess {
  /** False once it has been killed or has died: it is of no use then. */
  isAlive(): boolean;
  /** @throws MediaRefusedError where the file is at fault; a killed or crashed process counts as that */
  run(inspection: Inspection, limits: InspectionLimits): Promise<InspectorReply>;
  kill(): void;
}

const mainPath = fileURLToPath(new URL('./main.ts', import.meta.url));
const startTimeoutMs = 20_000;
const watchIntervalMs = 15;
const pageBytes = 4096;

/** Starts a process with no environment: what runs there has no secret to give away. */
export async function startInspectorProcess(): Promise<InspectorProcess> {
  const child = fork(mainPath, [], {
    env: { MALLOC_ARENA_MAX: '2' },
    execArgv: ['--max-old-space-size=128'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    await nextReply(child, { deadlineMs: startTimeoutMs, residentBytesMax: Infinity });
  } catch (cause) {
    kill(child);
    throw new Error('the process that inspects media did not start', { cause });
  }
  release(child);
  return {
    isAlive: () => child.connected,
    kill: () => kill(child),
    async run(inspection, limits) {
      hold(child);
      try {
        const reply = nextReply(child, limits);
        child.send(inspection);
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

function nextReply(child: ChildProcess, limits: InspectionLimits): Promise<InspectorReply> {
  const { promise, resolve, reject } = Promise.withResolvers<InspectorReply>();
  const fail = (code: 'malformed' | 'too_costly', message: string) => reject(new MediaRefusedError(code, message));
  const onExit = () => fail('malformed', 'The file makes its reader fail.');
  const deadline = setTimeout(() => fail('too_costly', 'Reading the file takes too long.'), limits.deadlineMs);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      if (bytes > limits.residentBytesMax) fail('too_costly', 'Reading the file takes too much memory.');
    });
  }, watchIntervalMs);
  child.once('message', resolve).once('exit', onExit).once('error', reject);
  return promise.finally(() => {
    clearTimeout(deadline);
    clearInterval(watch);
    child.off('message', resolve).off('exit', onExit).off('error', reject);
  });
}

/** 0 where the system does not tell. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const [, pages] = (await readFile(`/proc/${pid}/statm`, 'latin1')).split(' ');
    return Number(pages) * pageBytes;
  } catch {
    return 0;
  }
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
