import { setTimeout as delay } from 'node:timers/promises';
import { type SpawnAppOptions, type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';

/** A place for one process of an app, kept filled as a service manager would: what ends is started again. */
export interface ProcessSlot extends AsyncDisposable {
  readonly name: string;
  readonly app: string;
  /** Null while it is down. */
  origin(): string | null;
  /** Of the process that is up. @throws Error while none is */
  pid(): number;
  /** Sends a signal to the process, if there is one. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it and resolves when it has ended; it is started again after `downMs`, with `env` beside its own until it ends again. */
  replace(options: {
    signal: NodeJS.Signals;
    killAfterMs?: number;
    downMs?: number;
    env?: Readonly<Record<string, string>>;
  }): Promise<void>;
  /** Resolves when it is up. */
  ready(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
  /** Ends that nobody asked for. */
  crashes(): number;
  output(): string;
}

const startRetryMs = 500;
const readyTimeoutMs = 90_000;

export function createProcessSlot(
  options: { name: string } & Pick<SpawnAppOptions, 'app' | 'env' | 'entry'>,
): ProcessSlot {
  let running: SpawnedApp | null = null;
  let closed = false;
  let isEnding = false;
  let crashes = 0;
  let written = '';
  let extraEnv: Readonly<Record<string, string>> = {};
  let starting: Promise<void> = Promise.resolve();

  const start = async () => {
    while (!closed) {
      try {
        const started = await spawnApp({ ...options, env: { ...options.env, ...extraEnv }, readyTimeoutMs });
        running = started;
        void started.stopped.then(() => onEnd(started));
        return;
      } catch (error) {
        // Its database may be away: a service manager tries again.
        written += `${error instanceof Error ? error.message : String(error)}\n`;
        await delay(startRetryMs);
      }
    }
  };

  const onEnd = (ended: SpawnedApp) => {
    written += ended.output();
    if (running === ended) running = null;
    if (closed || isEnding) return;
    crashes += 1;
    starting = start();
  };

  const stop = async () => {
    closed = true;
    await starting;
    const last = running;
    if (last === null) return;
    await last[Symbol.asyncDispose]();
  };

  starting = start();
  return {
    name: options.name,
    app: options.app,
    origin: () => (running === null ? null : `http://127.0.0.1:${running.port}`),
    pid() {
      if (running === null) throw new Error(`${options.name} is down`);
      return running.pid;
    },
    signal: (signal) => running?.kill(signal),
    async replace({ signal, killAfterMs, downMs = 0, env = {} }) {
      await starting;
      isEnding = true;
      try {
        const last = running;
        last?.kill(signal);
        const late = killAfterMs === undefined ? undefined : setTimeout(() => last?.kill('SIGKILL'), killAfterMs);
        await last?.stopped;
        clearTimeout(late);
        await delay(downMs);
        extraEnv = env;
        starting = start();
        await starting;
      } finally {
        isEnding = false;
      }
    },
    ready: () => starting,
    stop,
    crashes: () => crashes,
    output: () => written + (running?.output() ?? ''),
    [Symbol.asyncDispose]: stop,
  };
}
