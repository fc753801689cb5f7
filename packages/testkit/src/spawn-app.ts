import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compileCache } from './compile-cache.ts';
import { endWithParent } from './end-with-parent.ts';

export interface SpawnAppOptions {
  /** Folder under `apps`. */
  app: string;
  /** What to start instead of the app's own main.ts, below `root`. */
  entry?: string;
  /** The app's whole environment apart from PATH, HOME and where Node keeps compiled sources. */
  env: Readonly<Record<string, string>>;
  args?: readonly string[];
  /** Holds `apps`. Default: this repository. */
  root?: string;
  /** Default 30,000. */
  readyTimeoutMs?: number;
}

export interface SpawnedApp extends AsyncDisposable {
  port: number;
  pid: number;
  /** Everything written so far, both streams. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** How it ended. */
  stopped: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));
const stopTimeoutMs = 15_000;

/**
 * Starts an app as a process of its own, with the Node that runs the tests, and waits for its JSON line `{"msg":"ready"}`.
 * @throws Error with the app's output when it ends or the time is over before that
 */
export async function spawnApp(options: SpawnAppOptions): Promise<SpawnedApp> {
  const { PATH = '', HOME = '' } = process.env;
  const entry = options.entry ?? `apps/${options.app}/src/main.ts`;
  const child = spawn(process.execPath, [entry, ...(options.args ?? [])], {
    cwd: options.root ?? repositoryRoot,
    env: { PATH, HOME, ...compileCache(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  }
  // Frozen ones too: a test run that is killed leaves nothing behind.
  const guard = child.pid === undefined ? undefined : endWithParent(child.pid, 'KILL');
  const stopped = once(child, 'close').then(() => {
    guard?.[Symbol.dispose]();
    return { code: child.exitCode, signal: child.signalCode };
  });

  const ready = new Promise<{ port: number }>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = parseReadyLine(line);
      if (found !== null) resolve(found);
    });
  });
  const timeoutMs = options.readyTimeoutMs ?? 30_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const outcome = await Promise.race([
    ready,
    stopped.then((end) => `ended with ${end.signal ?? end.code} before it was ready`),
    once(deadline, 'abort').then(() => `was not ready within ${timeoutMs} ms`),
  ]);
  if (typeof outcome === 'string' || child.pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(
      `App ${options.app} ${typeof outcome === 'string' ? outcome : 'could not be spawned'}:\n${written}`,
    );
  }
  return {
    port: outcome.port,
    pid: child.pid,
    output: () => written,
    kill: (signal) => void child.kill(signal),
    stopped,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      // A frozen process does not see SIGTERM.
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await stopped;
      clearTimeout(timer);
    },
  };
}

function parseReadyLine(line: string): { port: number } | null {
  if (!line.startsWith('{')) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || !('msg' in parsed) || parsed.msg !== 'ready') return null;
  return { port: 'port' in parsed ? Number(parsed.port) : 0 };
}
