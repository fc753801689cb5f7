import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { checkHistory } from './check-history.ts';
import type { Violation } from './violation.ts';
import { type ChaosAccount, type Operation, type StopRecord, textOf } from './history.ts';
import { sandboxHosts } from './hosts.ts';
import { createOrganization, type Organization } from './organizations.ts';
import { publisherUnderTest, sharedEnvironment } from './product-environment.ts';
import { readPosts } from './read-posts.ts';
import type { SandboxControl } from './sandbox-control.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface PublisherOptions {
  /** `name=action`, see `test-failpoints.ts`. */
  readonly failpoints?: readonly string[];
  readonly without?: readonly string[];
  /** Asked when a failpoint with the action `lose` is reached. */
  readonly controlUrl?: string;
  /** The app itself, as production starts it; it is given the same environment. */
  readonly isProduction?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface LabPost {
  readonly token: string;
  readonly account: ChaosAccount;
  readonly create: Operation;
  /** Emergency stops that its scenario made and lifted. */
  readonly stops?: readonly StopRecord[];
}

/** A small system for one scenario at a time: one organization, and no publisher but those that the scenario starts. */
export interface Lab extends AsyncDisposable {
  readonly sandbox: SandboxControl;
  readonly organization: Organization;
  /** Before the database of every publisher. */
  readonly database: TcpProxy;
  startPublisher(options?: PublisherOptions): Promise<SpawnedApp>;
  /** Schedules one post to the account of the platform. */
  schedule(platform: string, options?: { dueInMs?: number }): Promise<LabPost>;
  statusOf(post: LabPost): Promise<string>;
  linesOf(post: LabPost): Promise<number>;
  /** Waits until it has ended, connecting the account again whenever the product asks for that. */
  ended(post: LabPost, timeoutMs: number): Promise<string>;
  check(post: LabPost): Promise<Violation[]>;
  /** For what no client can bring about. */
  sql(text: string, values: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Nobody sends it any more. */
export function hasEnded(status: string): boolean {
  return ['published', 'failed', 'unconfirmed', 'canceled', 'skipped'].includes(status);
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const readyTimeoutMs = 120_000;
let labCount = 0;

export async function startLab(options: {
  readonly postgresUrl: string;
  readonly sandbox: SandboxControl;
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Lab> {
  await using starting = new AsyncDisposableStack();
  const { sandbox } = options;
  const database = starting.use(await createTestDatabase(options.postgresUrl));
  const hosts = await sandbox.hosts();
  const addresses = { mastodonInstance: hosts['mastodon'] ?? '', blueskyService: hosts['bluesky'] ?? '' };
  const env = sharedEnvironment({
    databaseUrl: database.url,
    dataDir: options.dataDir,
    sandboxUrl: sandbox.origin,
    ssrfAllow: Object.values(hosts).map((url) => new URL(url).host),
    secret: () => randomBytes(32),
    overrides: options.env ?? {},
  });
  await promisify(execFile)(process.execPath, ['apps/migrate/src/main.ts'], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  const api = starting.use(await spawnApp({ app: 'api', env, readyTimeoutMs }));
  const origin = `http://127.0.0.1:${api.port}`;
  labCount += 1;
  const organization = await createOrganization({
    name: `lab${labCount}`,
    origins: () => [origin],
    accounts: sandboxHosts(sandbox, addresses).map((host) => ({ host, handle: `lab${labCount}${host.name}` })),
  });
  const proxiedUrl = new URL(database.url);
  const proxy = starting.use(await startTcpProxy({ host: proxiedUrl.hostname, port: Number(proxiedUrl.port) }));
  proxiedUrl.host = `127.0.0.1:${proxy.port}`;

  const publicationOf = async ({ token, account }: LabPost) => {
    const post = (await readPosts(organization)).find(({ content }) => content === textOf(token, 1));
    return post?.publications.find(({ accountId }) => accountId === account.accountId);
  };
  const statusOf = async (post: LabPost) => (await publicationOf(post))?.status ?? 'none';

  const running = starting.move();
  return {
    sandbox,
    organization,
    database: proxy,
    statusOf,
    startPublisher({ env: extra = {}, isProduction = false, ...wanted } = {}) {
      const { entry, env: given } = publisherUnderTest(wanted);
      return spawnApp({
        app: 'publisher',
        ...(isProduction ? {} : { entry }),
        env: { ...env, DATABASE_URL: proxiedUrl.href, ...given, ...extra },
        readyTimeoutMs,
      });
    },
    async schedule(platform, { dueInMs = 300 } = {}) {
      const account = organization.accounts.find((each) => each.platform === platform);
      if (account === undefined) throw new RangeError(`the lab has no account on ${platform}`);
      const token = `lab-${randomBytes(6).toString('hex')}`;
      const startedAtMs = Date.now();
      const dueAtMs = startedAtMs + dueInMs;
      const body = {
        content: textOf(token, 1),
        accountIds: [account.accountId],
        scheduledAt: new Date(dueAtMs).toISOString(),
      };
      const { id } = await organization.client.read<{ id: string }>('POST', '/posts', body);
      const create: Operation = {
        kind: 'create',
        organizationId: organization.organizationId,
        token,
        postId: id,
        startedAtMs,
        endedAtMs: Date.now(),
        result: 'ok',
        accountIds: [account.accountId],
        revision: 1,
        dueAtMs,
      };
      return { token, account, create };
    },
    async linesOf({ token, account }) {
      const { lines } = await sandbox.visible();
      return lines.filter(({ text, externalId }) => text.includes(`[${token}]`) && externalId === account.externalId)
        .length;
    },
    async ended(post, timeoutMs) {
      let status = 'none';
      await waitFor(
        async () => {
          const publication = await publicationOf(post);
          status = publication?.status ?? 'none';
          if (publication?.waitingFor?.reason === 'token') await organization.reconnect();
          return hasEnded(status);
        },
        {
          timeoutMs,
          intervalMs: 100,
          describe: () => `${post.token} on ${post.account.platform} has ended (it is ${status})`,
        },
      );
      return status;
    },
    async check({ token, create, stops = [] }) {
      const { lines } = await sandbox.visible();
      const own = lines.filter(({ text }) => text.includes(`[${token}]`));
      const posts = (await readPosts(organization)).filter(({ content }) => content.includes(`[${token}]`));
      return checkHistory({
        accounts: organization.accounts,
        operations: [create],
        stops,
        faults: [],
        visible: own,
        commits: own.length,
        posts,
        disconnects: [],
        clockPeriods: [],
        requests: null,
        foreignStops: [],
      });
    },
    async sql(text, values) {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(text, values)).rows;
      } finally {
        await client.end();
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
