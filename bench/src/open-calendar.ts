import { runMigrations } from '@vibetribe/migrate/run-migrations';
import { createLogger } from '@vibetribe/observability/logger';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import type { Servers } from './servers.ts';

export interface Calendar extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  /** Posts for the next minute. */
  addDueSoon(count: number): Promise<void>;
}

/** A migrated database with posts for the next 30 days and nothing that publishes them. */
export async function openCalendar(servers: Servers, futurePosts: number): Promise<Calendar> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(servers.postgresUrl));
  await runMigrations({ databaseUrl: database.url, logger: createLogger({ app: 'bench', level: 'error' }) });
  const pool = opening.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (opened) => opened.end());
  await pool.query(`
    insert into organizations (id, name) select 'org_' || i, 'Bench' from generate_series(0, 99) i;
    insert into grants (id, organization_id, platform, credentials) select 'grt_' || i, 'org_' || i, 'x', '' from generate_series(0, 99) i;
    insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name)
    select 'acc_' || i, 'org_' || i, 'grt_' || i, 'x', i, 'bench', 'Bench' from generate_series(0, 99) i`);
  await addPosts(pool, 'far', futurePosts, `now() + interval '1 hour' + i * interval '30 days' / ${futurePosts}`);
  await pool.query('vacuum analyze publications');
  let batches = 0;
  const opened = opening.move();
  return {
    pool,
    databaseUrl: database.url,
    async addDueSoon(count) {
      batches += 1;
      await addPosts(pool, `soon${batches}`, count, `now() + interval '1 minute'`);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function addPosts(pool: pg.Pool, name: string, count: number, dueAt: string): Promise<void> {
  await pool.query(`
    insert into posts (id, organization_id, content, scheduled_at)
    select 'pst_${name}_' || i, 'org_' || i % 100, 'Post', ${dueAt} from generate_series(1, ${count}) i;
    insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, due_at)
    select 'pub_${name}_' || i, 'org_' || i % 100, 'pst_${name}_' || i, 'acc_' || i % 100, 'x', 'scheduled', ${dueAt}, ${dueAt}
    from generate_series(1, ${count}) i`);
}
