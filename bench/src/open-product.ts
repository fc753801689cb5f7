import { randomBytes } from 'node:crypto';
import { newId } from '@vibetribe/db/new-id';
import { runMigrations } from '@vibetribe/migrate/run-migrations';
import { createLogger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';
import { recordBackend } from '@vibetribe/queue/record-backend';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Servers } from './servers.ts';

export type Backend = 'redis' | 'postgres';

export interface Product extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  /** An organization with so many accounts on X. */
  addOrganization(accountCount: number): Promise<Organization>;
  /** Writes posts as the API does once they are scheduled, and notifies the dispatcher. */
  schedule(organization: Organization, dueAtMs: readonly number[]): Promise<void>;
}

export interface Organization {
  readonly id: string;
  readonly accountIds: readonly string[];
}

/** A migrated database and the product's own publisher on it, as production runs it, with the adapter of X. */
export async function openProduct(servers: Servers, backend: Backend, concurrency: number): Promise<Product> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(servers.postgresUrl));
  const logger = createLogger({ app: 'bench', level: 'error' });
  await runMigrations({ databaseUrl: database.url, logger });
  const pool = opening.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (opened) => opened.end());
  const encryptionKeys = `k1:${randomBytes(32).toString('base64')}`;
  const config = parsePublisherConfig({
    DATABASE_URL: database.url,
    ENCRYPTION_KEYS: encryptionKeys,
    X_API_URL: servers.target,
    SSRF_ALLOW: new URL(servers.target).host,
    RATE_LIMIT_X: '1000000',
    RATE_LIMIT_APP_X: '0',
    PUBLISH_CONCURRENCY: String(concurrency),
    LOG_LEVEL: 'error',
    ...(backend === 'redis' ? { REDIS_URL: servers.redisUrl } : {}),
  });
  opening.use(await startPublisher(config, logger));
  const { prefix } = await recordBackend(pool, backend);
  const redis = opening.adopt(new Redis(servers.redisUrl), (opened) => opened.disconnect());
  const opened = opening.move();
  return {
    pool,
    databaseUrl: database.url,
    addOrganization: (accountCount) => addOrganization(pool, encryptionKeys, accountCount),
    async schedule(organization, dueAtMs) {
      await insertPosts(pool, organization, dueAtMs);
      await (backend === 'redis'
        ? redis.publish(`${prefix}:bus:dispatch`, '')
        : pool.query(`select pg_notify('vibetribe_dispatch', '')`));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function addOrganization(pool: pg.Pool, encryptionKeys: string, accountCount: number): Promise<Organization> {
  const keyRing = createKeyRing(encryptionKeys);
  const id = newId('organization');
  await pool.query(`insert into organizations (id, name) values ($1, 'Bench')`, [id]);
  const accountIds: string[] = [];
  for (let index = 0; index < accountCount; index += 1) {
    const [grantId, accountId] = [newId('grant'), newId('account')];
    const credentials = keyRing.seal(JSON.stringify({ accessToken: 'token', scopes: [] }), {
      organizationId: id,
      table: 'grants',
      rowId: grantId,
      column: 'credentials',
    });
    await pool.query(`insert into grants (id, organization_id, platform, credentials) values ($1, $2, 'x', $3)`, [
      grantId,
      id,
      credentials,
    ]);
    await pool.query(
      `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name) values ($1, $2, $3, 'x', $1, 'bench', 'Bench')`,
      [accountId, id, grantId],
    );
    accountIds.push(accountId);
  }
  return { id, accountIds };
}

async function insertPosts(pool: pg.Pool, { id, accountIds }: Organization, dueAtMs: readonly number[]): Promise<void> {
  const rows = JSON.stringify(
    dueAtMs.map((atMs, index) => ({
      post: newId('post'),
      publication: newId('publication'),
      account: accountIds[index % accountIds.length],
      text: `Post ${index}`,
      due: new Date(atMs).toISOString(),
    })),
  );
  await pool.query(
    `with r as (select * from jsonb_to_recordset($1::jsonb) as r(publication text, post text, account text, text text, due timestamptz)),
       written as (insert into posts (id, organization_id, content, scheduled_at) select post, $2, text, due from r)
     insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, due_at)
     select publication, $2, post, account, 'x', 'scheduled', due, due from r`,
    [rows, id],
  );
}
