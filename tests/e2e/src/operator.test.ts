import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { type DebianPostgres, startDebianPostgres, whyNoDebianPostgres } from '@vibetribe/testkit/debian-postgres';
import { startNginx, whyNoNginx } from '@vibetribe/testkit/nginx';
import { startPgbouncer, whyNoPgbouncer } from '@vibetribe/testkit/pgbouncer';
import { type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, clientWith, connectAccount, registerClient, sandboxPosts, send } from './client.ts';

const missing = (await whyNoDebianPostgres()) ?? (await whyNoPgbouncer()) ?? (await whyNoNginx());
if (missing !== null) console.warn(`SKIPPED: the product behind other people's servers is not tried: ${missing}`);

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const read = (path: string) => readFile(join(root, path), 'utf8');
const PATH = process.env['PATH'] ?? '';

/** The code blocks of a document in their order. */
const blocksOf = async (path: string, language: string): Promise<string> =>
  [...(await read(path)).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))]
    .map(([, block]) => block)
    .join('\n');

const postgresPrograms = '/usr/lib/postgresql/15/bin';
const heldStatement = 'set role vibetribe_worker; select waiting_reason from publications';
const admin = { email: 'root@example.com', password: 'the first password' };

describe.skipIf(missing !== null)(
  "the product on other people's servers, by its documents alone",
  { timeout: 300_000 },
  () => {
    const opened = new AsyncDisposableStack();
    let server: DebianPostgres;
    let dataDir: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      server = opened.use(await startDebianPostgres());
      dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-operator-'));
      await chmod(dataDir, 0o755);
      opened.defer(() => rm(dataDir, { recursive: true, force: true }));
      await server.admin(`create role app login password 'app' nosuperuser nocreaterole`);
      await server.admin('create database vibetribe owner app');
      // Word for word what the manual gives an administrator.
      await server.admin(await blocksOf('docs/operations.md', 'sql'));
      env = {
        ...parseEnv(await read('.env.example')),
        AUTH_SECRET: randomBytes(32).toString('base64'),
        ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
        DATA_DIR: dataDir,
        PORT: '0',
        SANDBOX_PORT: '0',
        ADMIN_EMAIL: admin.email,
        ADMIN_PASSWORD: admin.password,
        PATH,
        ...compileCache(),
      } as Record<string, string>;
    }, 240_000);
    afterAll(() => opened.disposeAsync());

    const migrate = (databaseUrl: string) =>
      run(process.execPath, ['apps/migrate/src/main.ts'], { cwd: root, env: { ...env, DATABASE_URL: databaseUrl } });

    test('behind nginx, on PostgreSQL 15 as a plain owner, through PgBouncer: the quick start runs', async () => {
      await using stack = new AsyncDisposableStack();
      const login = { user: 'app', password: 'app' };
      const bouncer = stack.use(await startPgbouncer({ serverPort: server.port, mode: 'session', logins: [login] }));
      const databaseUrl = `postgres://app:app@127.0.0.1:${bouncer.port}/vibetribe`;
      await migrate(databaseUrl);

      const sandboxApp = stack.use(await spawnApp({ app: 'sandbox', env }));
      const sandbox = `http://127.0.0.1:${sandboxApp.port}`;
      const shared = { ...env, DATABASE_URL: databaseUrl, SANDBOX_URL: sandbox, TRUST_PROXY: '127.0.0.1' };
      const port = await findFreePort();
      const nginx = stack.use(
        await startNginx({ site: await read('deploy/nginx.conf'), changes: { '127.0.0.1:3000': `127.0.0.1:${port}` } }),
      );
      const start = async (app: string, extra: Record<string, string> = {}): Promise<SpawnedApp> =>
        stack.use(await spawnApp({ app, env: { ...shared, PUBLIC_URL: nginx.url, ...extra } }));
      const api = await start('api', { PORT: String(port) });
      await start('publisher');
      await start('cron');

      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', await blocksOf('README.md', 'bash')], {
        cwd: root,
        env: { PATH, HOME: process.env['HOME'] ?? '', API: `${nginx.url}/api/v1`, SANDBOX: sandbox },
        timeout: 120_000,
      });
      expect(stdout).toContain('post-status-update published');
      expect((await sandboxPosts(sandbox)).commits).toBe(3);

      // What the inside has, the outside does not.
      expect((await fetch(`${nginx.url}/metrics`)).status).toBe(404);
      expect((await fetch(`${nginx.url}/api/v1/health/detailed`)).status).toBe(401);
      expect((await fetch(`${nginx.url}/health`)).status).toBe(200);

      // A body far beyond nginx's own limit reaches the API, which says what is wrong with it.
      const client = await registerClient(`${nginx.url}/api/v1`);
      const form = new FormData();
      form.set('file', new Blob([new Uint8Array(30 * 1024 * 1024)]), 'zeros.png');
      const answer = await fetch(`${nginx.url}/api/v1/media/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${client.token}` },
        body: form,
      });
      expect([answer.status >= 400, answer.headers.get('content-type')]).toEqual([
        true,
        expect.stringContaining('application/problem+json'),
      ]);

      // The tickets of WebSockets stand in queries.
      expect(await readFile(join(nginx.directory, 'vibetribe.log'), 'utf8')).not.toMatch(/\?|ticket=/);
      expect(api.output()).not.toContain('TRUST_PROXY does not name');
    });

    test('a dump is restored by the manual, and the service admin lifts the stop: from dump to lift', async () => {
      await using stack = new AsyncDisposableStack();
      const databaseUrl = server.urlOf({ user: 'app', password: 'app', database: 'vibetribe' });
      await migrate(databaseUrl);
      const sandboxApp = stack.use(
        await spawnApp({ app: 'sandbox', env: { ...env, DATA_DIR: join(dataDir, 'restore') } }),
      );
      const sandbox = `http://127.0.0.1:${sandboxApp.port}`;
      const shared = { ...env, SANDBOX_URL: sandbox };
      const dump = join(dataDir, 'dump.sql');
      let client: Client;
      {
        await using api = await spawnApp({ app: 'api', env: { ...shared, DATABASE_URL: databaseUrl } });
        client = await registerClient(`http://127.0.0.1:${api.port}/api/v1`);
        const accountId = await connectAccount(client, sandbox, 'mastodon', 'restored');
        const scheduledAt = new Date(Date.now() + 3_000).toISOString();
        await client.post('/posts', { content: 'From before the dump', accountIds: [accountId], scheduledAt });
        await run(`${postgresPrograms}/pg_dump`, [
          '--no-owner',
          '--file',
          dump,
          server.adminUrl.replace('/postgres', '/vibetribe'),
        ]);
      }
      await server.admin('create database restored owner app');
      const restored = server.urlOf({ user: 'app', password: 'app', database: 'restored' });
      const asOwner = (...args: string[]) =>
        run(`${postgresPrograms}/psql`, ['--quiet', '--set', 'ON_ERROR_STOP=1', '--dbname', restored, ...args]);
      await asOwner('--file', dump);
      await migrate(restored);
      for (const statements of await restoreStatements()) await asOwner('--command', statements);

      const start = async (app: string) =>
        stack.use(await spawnApp({ app, env: { ...shared, DATABASE_URL: restored, SWEEP_INTERVAL_MS: '1000' } }));
      const api = await start('api');
      await start('publisher');
      const url = `http://127.0.0.1:${api.port}/api/v1`;
      const signedIn = (await send('POST', `${url}/auth/login`, admin)).body as {
        accessToken: string;
        organization: { id: string };
      };
      const root = clientWith(url, signedIn.accessToken, signedIn.organization.id);
      await waitFor(
        async () => (await asOwner('--tuples-only', '--command', heldStatement)).stdout.includes('paused'),
        { describe: 'the post of the dump to be due and held', timeoutMs: 30_000 },
      );
      const preview = await clientWith(url, client.token, client.organizationId).get<{ items: unknown[] }>(
        '/pauses/pau_restored/preview',
      );
      expect(preview.items).toHaveLength(1);
      expect((await sandboxPosts(sandbox)).commits).toBe(0);
      expect((await root.request('DELETE', '/pauses/pau_restored')).status).toBe(204);
      await waitFor(async () => (await sandboxPosts(sandbox)).commits === 1, {
        describe: 'the post of the dump to be out',
        timeoutMs: 30_000,
      });
    });
  },
);

/** What the manual says to run on a restored dump, in its order. */
async function restoreStatements(): Promise<string[]> {
  const manual = await read('docs/operations.md');
  const section = manual.slice(manual.indexOf('To restore a logical dump'), manual.indexOf('A snapshot of the files'));
  const statements = [...section.matchAll(/`((?:set role|select) [^`]+)`/g)].map(([, text = '']) => text);
  expect(statements).toHaveLength(2);
  return statements;
}
