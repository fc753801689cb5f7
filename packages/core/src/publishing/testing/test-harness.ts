import { randomBytes, randomInt } from 'node:crypto';
import type { Misfire } from '@vibetribe/contracts/post';
import type { PostPriority } from '@vibetribe/contracts/publication-status';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import { newId } from '@vibetribe/db/new-id';
import { createLogger } from '@vibetribe/observability/logger';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import type { ReconcileFinding } from '@vibetribe/platforms/port/reconcile';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { adapters } from '@vibetribe/platforms/registry';
import { systemClock } from '@vibetribe/resilience/clock';
import { createSingleFlight } from '@vibetribe/resilience/single-flight';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { addAccount, addGrant, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { noFailpoints } from '../failpoints.ts';
import type { PublishingMedia } from '../send/publication-media.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { quietSignals } from '../../test-signals.ts';
import { testEndpoints } from '@vibetribe/platforms/testing/test-endpoints';

/** What the platform does with the next send; the last one stays in force. */
export type Behaviour =
  | 'accept'
  | 'accept_then_lose_reply'
  | 'lose_request'
  | 'refuse_connection'
  | 'reject'
  | 'refuse_as_duplicate'
  | 'name_the_duplicate'
  | 'rate_limit'
  | 'accept_and_hang'
  | 'hang';

/** A platform in memory: `accepted` says what became visible, and nothing else does. */
export interface MemoryPlatform {
  readonly accepted: { key: string; text: string; answers: string | null }[];
  behave(...behaviours: Behaviour[]): void;
  readonly adapter: PlatformAdapter;
  /** How its reconciliation answers; a finding: always with that. */
  lookup: 'honest' | 'by_text' | 'unreachable' | 'refused' | 'cannot_tell' | ReconcileFinding;
  /** Whether a repeat of a key makes no second post and is answered with the first one. */
  remembersKeys: boolean;
  /** From when on each question looked, oldest first. */
  readonly askedSince: Date[];
}

export interface TestHarness extends AsyncDisposable {
  readonly deps: CoreDependencies;
  /** For connections of the test's own, as the database's owner. */
  readonly databaseUrl: string;
  readonly platform: MemoryPlatform;
  readonly settings: PublishSettings;
  /** As the database's owner: for arranging and for looking. */
  readonly sql: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
  addAccount(organizationId?: string): Promise<{ organizationId: string; accountId: string }>;
  addPublication(options: {
    organizationId: string;
    accountId: string;
    dueInMs?: number;
    text?: string;
    misfire?: Misfire;
    priority?: PostPriority;
    thread?: readonly string[];
  }): Promise<string>;
}

/** For posts of text alone. */
export const withoutFiles: PublishingMedia = {
  reader: { prepare: () => Promise.reject(new Error('the test has no files')) },
  urls: null,
};

export async function createTestHarness(
  postgresUrl: string,
  limits: { postsPerHour?: number; appPostsPerDay?: number; lockTimeoutMs?: number } = {},
): Promise<TestHarness> {
  await using opening = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'core', (url) => migrate({ databaseUrl: url }));
  const database = opening.use(await createTestDatabase(postgresUrl, { template }));
  const db = opening.use(
    connectDatabase({
      databaseUrl: database.url,
      poolMax: 10,
      poolMin: 0,
      applicationName: 'test',
      ...(limits.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: limits.lockTimeoutMs }),
      onError: () => undefined,
    }),
  );
  const owner = opening.adopt(new pg.Pool({ connectionString: database.url, max: 3 }), (pool) => pool.end());
  const keyRing = createKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const platform = createMemoryPlatform();
  const deps: CoreDependencies = {
    db,
    keyRing,
    clock: systemClock(),
    logger: createLogger({ app: 'test', level: 'silent' }),
    signals: quietSignals,
    adapters: { ...adapters, x: platform.adapter },
    endpoints: () => testEndpoints(),
    platformHttp: () => ({ request: () => Promise.reject(new Error('the memory platform is not on the network')) }),
    failpoints: noFailpoints,
    postsPerHour: () => limits.postsPerHour ?? 1_000_000,
    appPostsPerDay: () => limits.appPostsPerDay ?? null,
    clientsBeingMade: createSingleFlight(),
    metricsMonthlyUsd: () => null,
  };
  const sql = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await owner.query<Row>(text, values)).rows;
  const opened = opening.move();

  return {
    deps,
    databaseUrl: database.url,
    platform,
    sql,
    settings: {
      retryDelaysMs: [60_000, 300_000, 900_000],
      publishTimeoutMs: 5_000,
      claimLeaseMs: 20_000,
      reconcileQuietMs: 1_000,
      breakerFailureThreshold: 5,
      breakerTimeoutMs: 60_000,
      burstGuard: { spacingMs: 2_000, spreadMs: 60_000 },
      lineTurnMs: 60_000,
    },
    async addAccount(organizationId = newId('organization')) {
      const accountId = newId('account');
      const grantId = newId('grant');
      const credentials = keyRing.seal(JSON.stringify({ accessToken: 'token', scopes: [] }), {
        organizationId,
        table: 'grants',
        rowId: grantId,
        column: 'credentials',
      });
      await addOrganization(sql, { id: organizationId });
      await addGrant(sql, { id: grantId, organizationId, credentials });
      await addAccount(sql, { id: accountId, organizationId, grantId });
      return { organizationId, accountId };
    },
    async addPublication({
      organizationId,
      accountId,
      dueInMs = 0,
      text = 'Hello',
      misfire,
      priority = 'normal',
      thread = [],
    }) {
      const dueAt = new Date(Date.now() + dueInMs);
      const postId = await addPost(sql, {
        organizationId,
        content: text,
        scheduledAt: dueAt,
        misfire: misfire ?? null,
        priority,
        thread: thread.length === 0 ? null : thread.map((content) => ({ content })),
      });
      const partCount = 1 + thread.length;
      return addPublication(sql, { organizationId, postId, accountId, scheduledAt: dueAt, dueAt, partCount });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function createMemoryPlatform(): MemoryPlatform {
  const accepted: MemoryPlatform['accepted'] = [];
  let behaviours: Behaviour[] = ['accept'];
  const next = (): Behaviour =>
    behaviours.length > 1 ? (behaviours.shift() ?? 'accept') : (behaviours[0] ?? 'accept');
  const send = async (key: string, text: string, answers: string | null) => {
    const behaviour = next();
    if (behaviour === 'refuse_connection')
      throw new PlatformError('network', 'The platform refused the connection.', { platformCode: 'ECONNREFUSED' });
    if (behaviour === 'reject')
      throw new PlatformError('content', 'The platform refused the text.', { platformCode: 'bad_text' });
    if (behaviour === 'refuse_as_duplicate')
      throw new PlatformError('duplicate', 'The platform has this text already.', { platformCode: 'http_403' });
    if (behaviour === 'name_the_duplicate') {
      const duplicateOf = { platformPostId: accepted.at(-1)?.key ?? 'somebody-else-s', url: null };
      throw new PlatformError('duplicate', 'The platform has it.', { platformCode: 'http_422', duplicateOf });
    }
    if (behaviour === 'rate_limit')
      throw new PlatformError('rate_limit', 'Too many posts.', { platformCode: '429', retryAfterMs: 90_000 });
    if (behaviour === 'lose_request')
      throw new PlatformError('ambiguous', 'No answer came.', { platformCode: 'reset' });
    if (behaviour === 'hang') return new Promise<never>(() => undefined);
    const isKnown = platform.remembersKeys && accepted.some((post) => post.key === key);
    if (!isKnown) accepted.push({ key, text, answers });
    if (behaviour === 'accept_then_lose_reply')
      throw new PlatformError('ambiguous', 'No answer came.', { platformCode: 'reset' });
    if (behaviour === 'accept_and_hang') return new Promise<never>(() => undefined);
    return { id: key };
  };
  const platform: MemoryPlatform = {
    accepted,
    lookup: 'honest',
    remembersKeys: false,
    askedSince: [],
    behave(...wanted) {
      behaviours = wanted;
    },
    adapter: {
      ...adapters.x,
      id: 'x' satisfies PlatformId,
      reconciliation: { means: 'key', quietMs: 1_000, absence: { reads: 2, spacingMs: 1_000 } },
      async publish(run) {
        const { id } = await run.step({
          name: 'publish',
          effect: 'once',
          key: () => `k${randomInt(2 ** 47)}`,
          run: ({ key }) => send(key, run.content.text, run.replyTo?.parent.platformPostId ?? null),
        });
        return { kind: 'published', platformPostId: id, url: `https://platform.example/${id}` };
      },
      async reconcile({ intent, content, takenPostIds }) {
        platform.askedSince.push(intent.startedAt);
        if (typeof platform.lookup === 'object') return platform.lookup;
        if (platform.lookup === 'unreachable')
          throw new PlatformError('unavailable', 'The platform is down.', { platformCode: 'http_503' });
        if (platform.lookup === 'refused')
          throw new PlatformError('permission', 'The account is suspended.', { platformCode: '403' });
        if (platform.lookup === 'cannot_tell') return { kind: 'cannot_tell', evidence: 'It keeps no list.' };
        const isOurs = (entry: { key: string; text: string }) =>
          platform.lookup === 'by_text'
            ? entry.text === content.text && !takenPostIds.has(entry.key)
            : entry.key === intent.key;
        const found = accepted.find(isOurs);
        if (found === undefined) return { kind: 'not_seen', evidence: 'no such key' };
        return { kind: 'found', platformPostId: found.key, url: null, evidence: 'the key is there' };
      },
    },
  };
  return platform;
}
