import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { migrate } from '@vibetribe/db/migrate';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase, type TestDatabase } from '@vibetribe/testkit/test-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  await migrate({ databaseUrl: database.url });
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  await migrateQueue(pool);
  await pool.end();
  env = {
    DATABASE_URL: database.url,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PORT: '0',
  };
});
afterAll(() => database[Symbol.asyncDispose]());

/** Runs the app until it ends by itself. */
function runToEnd(given: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main],
      { env: { PATH: process.env['PATH'] ?? '', ...compileCache(), ...given } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

describe('the process', () => {
  test('says when it is ready, serves, and ends with 0 on SIGTERM with its connections closed', async () => {
    await using api = await spawnApp({ app: 'api', env });
    expect(api.output()).toContain(`{"msg":"ready","app":"api","pid":${api.pid},"port":${api.port}}`);
    expect((await fetch(`http://127.0.0.1:${api.port}/health`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${api.port}/metrics`)).status).toBe(200);
    api.kill('SIGTERM');
    expect(await api.stopped).toEqual({ code: 0, signal: null });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await waitFor(
      async () => {
        const { rows } = await client.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name like 'vibetribe%'`,
        );
        return rows[0]?.n === 0;
      },
      { describe: 'its connections to be gone' },
    );
    await client.end();
  });

  test('answers what is under way before it ends', async () => {
    await using api = await spawnApp({ app: 'api', env });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('begin; lock table users in access exclusive mode');
    const body = JSON.stringify({ email: 'nobody@example.com', password: 'x' });
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(`http://127.0.0.1:${api.port}/api/v1/auth/login`, { method: 'POST', headers, body });
    await waitFor(
      async () => {
        const { rows } = await client.query(`select 1 from pg_locks where not granted`);
        return rows.length > 0;
      },
      { describe: 'the login to wait' },
    );
    api.kill('SIGTERM');
    await waitFor(
      () =>
        fetch(`http://127.0.0.1:${api.port}/health`).then(
          () => false,
          () => true,
        ),
      { describe: 'the port to be closed' },
    );
    await client.query('rollback');
    await client.end();
    expect((await answer).status).toBe(401);
    expect(await api.stopped).toEqual({ code: 0, signal: null });
  });

  test('answers on while whoever reads its log stalls, tells what was dropped, and ends when it is told to', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawn(process.execPath, [main], {
      env: { PATH: process.env['PATH'] ?? '', ...compileCache(), ...env, LOG_LEVEL: 'trace' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const port = await waitFor(() => /"msg":"ready".*"port":(\d+)/.exec(output)?.[1], {
      describe: 'it is ready',
      timeoutMs: 60_000,
    });
    child.stdout.pause();
    const ask = async () => {
      const startedAtMs = performance.now();
      await (await fetch(`http://127.0.0.1:${port}/nowhere/${'x'.repeat(12_000)}`)).text();
      return performance.now() - startedAtMs;
    };
    let longestMs = 0;
    // About 12 MB of log: more than the pipe and the buffer hold.
    for (let round = 0; round < 20; round += 1)
      longestMs = Math.max(longestMs, ...(await Promise.all(Array.from({ length: 50 }, ask))));
    expect(longestMs).toBeLessThan(5_000);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(Number(/^vibetribe_log_lines_dropped_total\{.*\} (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    child.stdout.destroy();
  }, 60_000);

  test('names every fault of its configuration at once, without a value, and ends with 1', async () => {
    const { code, output } = await runToEnd({
      DATABASE_URL: 'mysql://root:hush@x',
      AUTH_SECRET: 'too short',
      PORT: 'http',
      REGISTRATION: 'maybe',
    });
    expect(code).toBe(1);
    for (const name of ['DATABASE_URL', 'AUTH_SECRET', 'ENCRYPTION_KEYS', 'PORT', 'REGISTRATION'])
      expect(output).toContain(name);
    expect(output).not.toMatch(/hush|too short/);
  });

  test('refuses a database whose queue lives elsewhere, with the reason, and ends with 1', async () => {
    await using api = await spawnApp({ app: 'api', env });
    const { code, output } = await runToEnd({ ...env, REDIS_URL: inject('redisUrl') });
    expect(code).toBe(1);
    expect(output).toContain('REDIS_URL');
    expect((await fetch(`http://127.0.0.1:${api.port}/health`)).status).toBe(200);
  });
});
