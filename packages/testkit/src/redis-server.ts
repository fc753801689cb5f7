import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { Redis } from 'ioredis';
import { endWithParent } from './end-with-parent.ts';
import { findRedisProgram } from './find-redis-program.ts';
import { waitFor } from './wait-for.ts';

export interface RunningRedis extends AsyncDisposable {
  url: string;
  port: number;
  pid: number;
  /** Ends it at once, as a crash would; its data is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a Redis (or Valkey) process of our own on the loopback address, without persistence.
 * @param options `port`: 0 or none for a free one; `hz 100` makes blocked reads time out precisely
 * @throws Error saying what to install when there is no program
 */
export async function startRedisServer(options: { port?: number } = {}): Promise<RunningRedis> {
  const program = await findRedisProgram();
  const port = options.port || (await findFreePort());
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    save: '',
    appendonly: 'no',
    hz: '100',
    'protected-mode': 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, args, { cwd: '/tmp', stdio: 'ignore', detached: true });
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error(`${program} has no pid`);
  const { pid } = child;
  const guard = endWithParent(pid, 'KILL');
  const kill = async (): Promise<void> => {
    guard[Symbol.dispose]();
    await endChild(child);
  };

  const url = `redis://127.0.0.1:${port}/0`;
  try {
    await waitFor(() => answers(url), { describe: `Redis on port ${port} answers`, timeoutMs: 15_000 });
  } catch (error) {
    await kill();
    throw error;
  }
  return { url, port, pid, kill, [Symbol.asyncDispose]: kill };
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
