import { addMember, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { randomBytes } from 'node:crypto';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import { createLogger } from '@vibetribe/observability/logger';
import { systemClock } from '@vibetribe/resilience/clock';
import { createKeyRing } from '@vibetribe/security/key-ring';
import type { publications } from '@vibetribe/db/schema/publications';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import type { Actor } from '../actor.ts';
import { type Core, createCore } from '../create-core.ts';
import { DomainError } from '../domain-error.ts';
import { storeGrant } from './grants/store-grant.ts';
import { startTestXPlatform, type TestXPlatform, type XGrant } from './test-x-platform.ts';

/** What another process needs to be on the same side: the database, the keys and the platform. */
export interface AccountsPlace {
  readonly databaseUrl: string;
  readonly encryptionKeys: string;
  readonly xUrl: string;
  readonly sandboxUrl: string | null;
}

export interface XAccount {
  readonly accountId: string;
  readonly grantId: string;
  readonly username: string;
  /** What X knows of it. */
  readonly xGrant: XGrant;
}

export interface AccountsHarness extends AsyncDisposable {
  readonly core: Core;
  readonly place: AccountsPlace;
  readonly x: TestXPlatform;
  /** Channels the bus was asked to notify. */
  readonly notified: readonly string[];
  /** Everything logged. */
  readonly log: () => string;
  /** As the database's owner: for arranging and for looking. */
  readonly sql: <Row extends pg.QueryResultRow>(query: string, values?: unknown[]) => Promise<Row[]>;
  addOrganization(): Promise<Actor & { userId: string }>;
  /** An X account whose grant X knows; `expiresInMs` by the database's clock. */
  addXAccount(actor: Actor, username: string, expiresInMs: number): Promise<XAccount>;
  /** Of a user whom nobody has connected before. */
  addNewXAccount(actor: Actor, expiresInMs: number): Promise<XAccount>;
  addPublication(actor: Actor, accountId: string, fields?: Partial<typeof publications.$inferInsert>): Promise<string>;
  /** The product's connections are cut and no new one is let in, until it is disposed of. */
  databaseAway(): Promise<AsyncDisposable>;
}

/** A migrated database, the real core over it, and X's OAuth endpoints as a server of our own. */
export async function createAccountsHarness(
  postgresUrl: string,
  options: { sandboxUrl?: string } = {},
): Promise<AccountsHarness> {
  await using opening = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'core', (url) => migrate({ databaseUrl: url }));
  const database = opening.use(await createTestDatabase(postgresUrl, { template }));
  const x = opening.use(await startTestXPlatform());
  const place: AccountsPlace = {
    databaseUrl: database.url,
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
    xUrl: x.url,
    sandboxUrl: options.sandboxUrl ?? null,
  };
  const notified: string[] = [];
  const lines: string[] = [];
  const core = openTestCore(opening, place, { write: (line) => void lines.push(line) }, (channel) =>
    notified.push(channel),
  );
  const owner = opening.adopt(new pg.Pool({ connectionString: database.url, max: 3 }), (pool) => pool.end());
  for (const pool of [owner, core.db.pool]) outliveTheDatabase(pool);
  const sql = async <Row extends pg.QueryResultRow>(query: string, values: unknown[] = []) =>
    (await owner.query<Row>(query, values)).rows;
  const addXAccount: AccountsHarness['addXAccount'] = async (actor, username, expiresInMs) => {
    const xGrant = x.addGrant(username);
    const [accountId = ''] = await storeGrant(
      core,
      actor.organizationId,
      'x',
      {
        credentials: {
          accessToken: xGrant.accessToken,
          refreshToken: xGrant.refreshToken,
          expiresAt: new Date(core.clock.now().getTime() + expiresInMs).toISOString(),
          scopes: ['tweet.read'],
        },
        service: null,
        accounts: [{ externalId: xGrant.userId, handle: username, displayName: username }],
      },
      { source: 'oauth' },
    );
    const [row] = await sql<{ grant_id: string }>('select grant_id from accounts where id = $1', [accountId]);
    return { accountId, grantId: row?.grant_id ?? '', username, xGrant };
  };
  let users = 0;
  const opened = opening.move();

  return {
    core,
    place,
    x,
    notified,
    log: () => lines.join(''),
    sql,
    async addOrganization() {
      const organizationId = await addOrganization(sql);
      const userId = await addMember(sql, { organizationId });
      return {
        organizationId,
        userId,
        role: 'admin',
        scopes: null,
        accountIds: null,
        serviceAdmin: false,
        principal: `user:${userId}`,
      };
    },
    addXAccount,
    addNewXAccount(actor, expiresInMs) {
      users += 1;
      return addXAccount(actor, `user${users}`, expiresInMs);
    },
    async addPublication(actor, accountId, fields = {}) {
      const { organizationId } = actor;
      const postId = await addPost(sql, { organizationId });
      return addPublication(sql, { ...fields, organizationId, postId, accountId });
    },
    async databaseAway() {
      const name = new URL(database.url).pathname.slice(1);
      const keeper = new pg.Client({ connectionString: postgresUrl });
      keeper.on('error', () => undefined);
      await keeper.connect();
      await keeper.query(`alter database ${pg.escapeIdentifier(name)} allow_connections false`);
      await keeper.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and datname = $1`,
        [name],
      );
      return {
        async [Symbol.asyncDispose]() {
          await keeper.query(`alter database ${pg.escapeIdentifier(name)} allow_connections true`);
          await keeper.end();
        },
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A pool says goodbye without waiting: the database may be dropped before its last connections are gone, which is no fault of a test. */
function outliveTheDatabase(pool: pg.Pool): void {
  pool.on('connect', (client) => client.on('error', () => undefined));
}

/** The real core of a process in this place; its bus notifies nobody. */
export function openTestCore(
  opening: AsyncDisposableStack,
  place: AccountsPlace,
  destination: { write(line: string): void },
  onNotify: (channel: string) => void = () => undefined,
): Core {
  const db = opening.use(
    connectDatabase({
      databaseUrl: place.databaseUrl,
      poolMax: 10,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    }),
  );
  return opening.use(
    createCore({
      db,
      keyRing: createKeyRing(place.encryptionKeys),
      clock: systemClock(),
      logger: createLogger({ app: 'test', level: 'debug', destination }),
      bus: { publish: async (channel) => onNotify(channel) },
      config: {
        sandboxUrl: place.sandboxUrl,
        ssrfAllow: [new URL(place.xUrl).host],
        postsPerHour: { x: 10 },
        appPostsPerDay: { x: 20 },
        platformEnv: {
          X_API_URL: place.xUrl,
          X_AUTHORIZE_URL: `${place.xUrl}/i/oauth2/authorize`,
          X_CLIENT_ID: 'test-client',
          X_CLIENT_SECRET: 'test-client-secret',
        },
      },
    }),
  );
}

/** What a piece of work was refused with. */
export async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error('it was not refused', { cause: error });
  return { code: error.code, paths: error.errors.map(({ path }) => path), message: error.message };
}
