import { randomBytes } from 'node:crypto';
import { newId } from '@vibetribe/db/new-id';
import { runMigrations } from '@vibetribe/migrate/run-migrations';
import { createLogger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { type Contender, createTally, dueAtOf, type Load, type Result } from './contenders.ts';

const accountCount = 50;

/** The product's own publisher, as production runs it, with the adapter of X: rows, claim, intent, POST, outcome, timeline. */
export function vibetribe(backend: 'redis' | 'postgres'): Contender {
  return {
    name: `VibeTribe on ${backend}`,
    async run(servers, load) {
      await using stack = new AsyncDisposableStack();
      const database = stack.use(await createTestDatabase(servers.postgresUrl));
      const logger = createLogger({ app: 'bench', level: process.env['BENCH_LOG'] ?? 'error' });
      await runMigrations({ databaseUrl: database.url, logger });
      const pool = stack.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (opened) => opened.end());
      const encryptionKeys = `k1:${randomBytes(32).toString('base64')}`;
      await insertPosts(pool, encryptionKeys, load);
      const config = parsePublisherConfig({
        DATABASE_URL: database.url,
        ENCRYPTION_KEYS: encryptionKeys,
        X_API_URL: servers.target,
        SSRF_ALLOW: new URL(servers.target).host,
        RATE_LIMIT_X: '1000000',
        PUBLISH_CONCURRENCY: String(load.concurrency),
        LOG_LEVEL: 'error',
        ...(backend === 'redis' ? { REDIS_URL: servers.redisUrl } : {}),
      });
      const startedAtMs = Date.now();
      const { rows } = await pool.query<{ first: Date }>('select min(due_at) as first from publications');
      stack.use(await startPublisher(config, logger));
      const result = await watch(pool, load.count, Math.max(startedAtMs, rows[0]?.first.getTime() ?? 0));
      return result;
    },
  };
}

/** Acceptance is the outcome's commit: what a user would be told. */
async function watch(pool: pg.Pool, count: number, startsAtMs: number): Promise<Result> {
  for (;;) {
    const { rows } = await pool.query<{ published: number }>(`select count(*)::int as published from publications where status = 'published'`);
    if ((rows[0]?.published ?? 0) >= count) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tally = createTally(count, startsAtMs);
  const { rows } = await pool.query<{ late: number; at: number }>(
    `select (extract(epoch from published_at - scheduled_at) * 1000)::float8 as late, extract(epoch from published_at)::float8 * 1000 as at from publications`,
  );
  for (const { late } of rows) tally.accepted(Date.now() - late);
  const { latenessMs } = await tally.result();
  return { latenessMs, durationMs: Math.max(...rows.map(({ at }) => at)) - startsAtMs };
}

async function insertPosts(pool: pg.Pool, encryptionKeys: string, load: Load): Promise<void> {
  const keyRing = createKeyRing(encryptionKeys);
  const organizationId = newId('organization');
  await pool.query(`insert into organizations (id, name) values ($1, 'Bench')`, [organizationId]);
  const accountIds: string[] = [];
  for (let index = 0; index < accountCount; index += 1) {
    const [grantId, accountId] = [newId('grant'), newId('account')];
    const sealed = keyRing.seal(JSON.stringify({ accessToken: 'token', scopes: [] }), { organizationId, table: 'grants', rowId: grantId, column: 'credentials' });
    await pool.query(`insert into grants (id, organization_id, platform, credentials) values ($1, $2, 'x', $3)`, [grantId, organizationId, sealed]);
    await pool.query(
      `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name) values ($1, $2, $3, 'x', $1, 'bench', 'Bench')`,
      [accountId, organizationId, grantId],
    );
    accountIds.push(accountId);
  }
  const nowMs = Date.now();
  const posts = Array.from({ length: load.count }, (_, index) => ({
    post: newId('post'),
    publication: newId('publication'),
    account: accountIds[index % accountCount],
    text: `Post ${index}`,
    due: new Date(dueAtOf(load, index, nowMs)).toISOString(),
  }));
  const rows = JSON.stringify(posts);
  await pool.query(`insert into posts (id, organization_id, content, scheduled_at) select r.post, $2, r.text, r.due from jsonb_to_recordset($1::jsonb) as r(post text, text text, due timestamptz)`, [rows, organizationId]);
  await pool.query(
    `insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, due_at)
     select r.publication, $2, r.post, r.account, 'x', 'scheduled', r.due, r.due
     from jsonb_to_recordset($1::jsonb) as r(publication text, post text, account text, due timestamptz)`,
    [rows, organizationId],
  );
}
