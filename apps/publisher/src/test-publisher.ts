import { randomBytes } from 'node:crypto';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { migrate } from '@vibetribe/db/migrate';
import { newId } from '@vibetribe/db/new-id';
import { addAccount, addGrant, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { createLogger } from '@vibetribe/observability/logger';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { parsePublisherConfig } from './config.ts';
import { type RunningPublisher, startPublisher } from './start-publisher.ts';

/** A migrated database with posts that are due, and publishers in this process. */
export interface TestPublisher extends AsyncDisposable {
  readonly sql: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
  readonly logged: () => string;
  /** An account of an organization of its own. */
  addAccount(platform: PlatformId, service: string, accessToken?: string): Promise<TestAccount>;
  /** Due now, or since some seconds: posts of one account that are due in the same second go out one after another. */
  addDue(account: TestAccount, sinceSeconds?: number): Promise<string>;
  start(env: Record<string, string>, sharesOf?: Parameters<typeof startPublisher>[3]): Promise<RunningPublisher>;
}

export interface TestAccount {
  readonly organizationId: string;
  readonly accountId: string;
  readonly platform: PlatformId;
}

export async function openTestPublisher(postgresUrl: string): Promise<TestPublisher> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(postgresUrl));
  await migrate({ databaseUrl: database.url });
  const pool = opening.adopt(new pg.Pool({ connectionString: database.url, max: 3 }), (owner) => owner.end());
  await migrateQueue(pool);
  const keys = `k1:${randomBytes(32).toString('base64')}`;
  const keyRing = createKeyRing(keys);
  const sql = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await pool.query<Row>(text, values)).rows;
  let logged = '';
  const publishers = opening.use(new AsyncDisposableStack());
  const opened = opening.move();

  return {
    sql,
    logged: () => logged,
    async addAccount(platform, service, accessToken = 'token') {
      const organizationId = await addOrganization(sql);
      const grantId = newId('grant');
      const credentials = keyRing.seal(JSON.stringify({ accessToken, scopes: [] }), {
        organizationId,
        table: 'grants',
        rowId: grantId,
        column: 'credentials',
      });
      await addGrant(sql, { organizationId, platform, service, id: grantId, credentials });
      const { accountId } = await addAccount(sql, { organizationId, platform, service, grantId });
      return { organizationId, accountId, platform };
    },
    async addDue({ organizationId, accountId, platform }, sinceSeconds = 0) {
      const dueAt = new Date(Date.now() - sinceSeconds * 1_000);
      const postId = await addPost(sql, { organizationId, content: 'Hello', scheduledAt: dueAt });
      return addPublication(sql, { organizationId, platform, postId, accountId, scheduledAt: dueAt, dueAt });
    },
    async start(env, sharesOf) {
      const config = parsePublisherConfig({
        DATABASE_URL: database.url,
        ENCRYPTION_KEYS: keys,
        AUTH_SECRET: randomBytes(32).toString('hex'),
        SWEEP_INTERVAL_MS: '200',
        DB_POOL_MIN: '0',
        ...env,
      });
      const destination = { write: (line: string) => void (logged += line) };
      const logger = createLogger({ app: 'publisher', level: 'info', destination });
      return publishers.use(await startPublisher(config, logger, undefined, sharesOf));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
