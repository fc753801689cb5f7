import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import pg from 'pg';
import { requireDebianPrograms } from './debian-programs.ts';
import { endWithParent } from './end-with-parent.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);
const programs = '/usr/lib/postgresql/15/bin';
const superPassword = 'superuser';

/** A PostgreSQL of Debian's, which knows nothing of us: PostgreSQL 15, its own superuser, passwords for everybody. */
export interface DebianPostgres extends AsyncDisposable {
  readonly port: number;
  /** Of a superuser. */
  readonly adminUrl: string;
  /** `certificate.pem` and `root.pem` of TLS, where it was asked for. */
  readonly directory: string;
  /** As a superuser, in the database named. */
  admin(sql: string, database?: string): Promise<void>;
  urlOf(login: { user: string; password: string; database: string }): string;
}

export interface DebianPostgresOptions {
  /** TLS with a certificate for `localhost` from an authority of its own. */
  readonly tls?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its files are made. Default: the system's folder for such. */
  readonly parent?: string;
}

/** Null, or why tests with Debian's PostgreSQL have to be skipped. */
export function whyNoDebianPostgres(): Promise<string | null> {
  return requireDebianPrograms(['postgresql-15'], [`${programs}/postgres`, '/usr/sbin/runuser']);
}

export async function startDebianPostgres(options: DebianPostgresOptions = {}): Promise<DebianPostgres> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(options.parent ?? tmpdir(), 'vibetribe-debian-postgres-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const account = { uid: await idOf('-u'), gid: await idOf('-g') };
  await chmod(directory, 0o755);
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, superPassword);
  await chown(directory, account.uid, account.gid);
  const initdb = [
    '-D',
    data,
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-U',
    'super',
    '--no-sync',
    '--wal-segsize=1',
  ];
  await run(`${programs}/initdb`, initdb, { ...account, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } });
  const tls = options.tls === true ? await makeCertificates(directory, account) : {};

  const port = await findFreePort();
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1,::1',
    unix_socket_directories: directory,
    fsync: 'off',
    max_connections: '300',
    ...tls,
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(`${programs}/postgres`, ['-D', data, ...args], { ...account, stdio: 'ignore', cwd: directory });
  await once(child, 'spawn');
  const guard = child.pid === undefined ? undefined : endWithParent(child.pid, 'INT');
  starting.defer(async () => {
    guard?.[Symbol.dispose]();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  });
  const urlOf: DebianPostgres['urlOf'] = ({ user, password, database }) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const adminUrl = urlOf({ user: 'super', password: superPassword, database: 'postgres' });
  const admin = async (sql: string, database = 'postgres') => {
    const client = new pg.Client({
      connectionString: urlOf({ user: 'super', password: superPassword, database }),
    });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await waitFor(() => admin('select 1').then(() => true), { describe: 'PostgreSQL 15 to answer', timeoutMs: 30_000 });
  const running = starting.move();
  return { port, adminUrl, directory, admin, urlOf, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function idOf(flag: '-u' | '-g'): Promise<number> {
  const { stdout } = await run('id', [flag, 'postgres']);
  return Number(stdout);
}

/** An authority, and a certificate of it for `localhost` alone. */
async function makeCertificates(
  directory: string,
  account: { uid: number; gid: number },
): Promise<Record<string, string>> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'root.key', '-out', 'root.pem', '-days', '2', '-subj', '/CN=root');
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  await writeFile(join(directory, 'names'), 'subjectAltName=DNS:localhost\n');
  const signing = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
  await openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem');
  const [keyFile, certificateFile] = [join(directory, 'server.key'), join(directory, 'server.pem')];
  await chmod(keyFile, 0o600);
  await chown(keyFile, account.uid, account.gid);
  return { ssl: 'on', ssl_key_file: keyFile, ssl_cert_file: certificateFile };
}
