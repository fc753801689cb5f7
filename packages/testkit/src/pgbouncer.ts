import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { requireDebianPrograms } from './debian-programs.ts';
import { endWithParent } from './end-with-parent.ts';
import { waitFor } from './wait-for.ts';

export interface RunningPgbouncer extends AsyncDisposable {
  readonly port: number;
}

/** Null, or why tests with PgBouncer have to be skipped. */
export function whyNoPgbouncer(): Promise<string | null> {
  return requireDebianPrograms(['pgbouncer'], ['/usr/sbin/pgbouncer']);
}

/** A PgBouncer in front of a server, with the defaults of its package: it knows no start-up parameter but its own. */
export async function startPgbouncer(options: {
  readonly serverPort: number;
  readonly mode: 'session' | 'transaction';
  readonly logins: readonly { readonly user: string; readonly password: string }[];
  readonly poolSize?: number;
}): Promise<RunningPgbouncer> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'vibetribe-pgbouncer-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o755);
  const port = await findFreePort();
  const users = join(directory, 'users.txt');
  await writeFile(users, options.logins.map(({ user, password }) => `"${user}" "${password}"\n`).join(''));
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: options.mode,
    default_pool_size: String(options.poolSize ?? 100),
    max_client_conn: '300',
  };
  const file = join(directory, 'pgbouncer.ini');
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const databases = `[databases]\n* = host=127.0.0.1 port=${options.serverPort}\n`;
  await writeFile(file, `${databases}[pgbouncer]\n${lines.join('\n')}\n`);
  // It refuses to run as root.
  const args = userInfo().uid === 0 ? ['-u', 'nobody', file] : [file];
  const child = spawn('/usr/sbin/pgbouncer', args, { stdio: 'ignore', cwd: directory });
  await once(child, 'spawn');
  const guard = child.pid === undefined ? undefined : endWithParent(child.pid, 'KILL');
  starting.defer(async () => {
    guard?.[Symbol.dispose]();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  await waitFor(() => accepts(port), { describe: 'PgBouncer to listen' });
  const running = starting.move();
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
