import { addOrganization } from '@vibetribe/db/testing/test-rows';
import type { CreatePost, Post } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { waitFor } from '@vibetribe/testkit/wait-for';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { claimPublications } from '../publishing/claim/claim-publications.ts';
import type { ClaimResult } from '../publishing/claim/claim-result.ts';
import { createTestHarness, type TestHarness } from '../publishing/testing/test-harness.ts';
import { quietSignals } from '../test-signals.ts';
import { createPost } from './create/create-post.ts';

export interface PostTestHarness extends AsyncDisposable {
  readonly deps: CoreDependencies;
  /** For connections of the test's own. */
  readonly databaseUrl: string;
  readonly sql: TestHarness['sql'];
  readonly settings: TestHarness['settings'];
  /** How often each hint was given. */
  readonly notified: { events: number; dispatch: number };
  /** An editor of an organization of its own. */
  addActor(limits?: Partial<Actor>): Promise<Actor>;
  addAccount(actor: Actor, options?: { platform?: PlatformId; status?: string }): Promise<string>;
  create(
    actor: Actor,
    input: Partial<CreatePost> & Pick<CreatePost, 'accountIds'>,
    deps?: CoreDependencies,
  ): Promise<Post>;
  claim(publicationId: string, deps?: CoreDependencies): Promise<ClaimResult>;
  /** Its commit waits for `release`, so that another transaction meets its locks. */
  held(): HeldDependencies;
  untilSomeoneWaits(): Promise<void>;
}

export interface HeldDependencies {
  readonly deps: CoreDependencies;
  /** The work of the transaction is done; only the commit is missing. */
  readonly reached: Promise<void>;
  release(): void;
}

export async function createPostTestHarness(postgresUrl: string): Promise<PostTestHarness> {
  const harness = await createTestHarness(postgresUrl);
  const notified = { events: 0, dispatch: 0 };
  const deps: CoreDependencies = {
    ...harness.deps,
    signals: {
      ...quietSignals,
      eventsCommitted: () => void (notified.events += 1),
      dispatchSoon: () => void (notified.dispatch += 1),
    },
  };
  return {
    deps,
    databaseUrl: harness.databaseUrl,
    notified,
    settings: harness.settings,
    sql: (text, values) => harness.sql(text, values),
    async addActor(limits = {}) {
      const organizationId = await addOrganization(harness.sql);
      return {
        organizationId,
        userId: null,
        role: 'editor',
        scopes: null,
        accountIds: null,
        serviceAdmin: false,
        principal: 'user:test',
        ...limits,
      };
    },
    async addAccount({ organizationId }, { platform = 'x', status = 'active' } = {}) {
      const { accountId } = await harness.addAccount(organizationId);
      const service = platform === 'x' ? '' : 'https://social.example';
      await harness.sql('update accounts set platform = $2, status = $3, service = $4 where id = $1', [
        accountId,
        platform,
        status,
        service,
      ]);
      return accountId;
    },
    create: async (actor, input, createDeps = deps) =>
      (await createPost(createDeps, actor, { content: 'Hello', ...input })).post,
    async claim(publicationId, claimDeps = deps) {
      const [result] = await claimPublications(claimDeps, harness.settings, 'test', [{ publicationId, picks: 1 }]);
      if (result === undefined) throw new Error('the claim answered nothing');
      return result;
    },
    held() {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const hold = async <Result>(result: Result): Promise<Result> => {
        reached.resolve();
        await released.promise;
        return result;
      };
      const { db } = deps;
      const heldDb: CoreDependencies['db'] = {
        ...db,
        asTenant: (organizationId, work) => db.asTenant(organizationId, async (tx) => hold(await work(tx))),
        asWorker: (work) => db.asWorker(async (tx) => hold(await work(tx))),
        asKeyedWorker: (work) => db.asKeyedWorker(async (tx) => hold(await work(tx))),
      };
      return { deps: { ...deps, db: heldDb }, reached: reached.promise, release: released.resolve };
    },
    async untilSomeoneWaits() {
      const blocked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await waitFor(async () => (await harness.sql(blocked)).length > 0, {
        describe: 'a transaction waits for a lock',
        timeoutMs: 10_000,
      });
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

/** The refusal that a promise ends in; anything else fails the test. */
export async function refusalOf(attempt: Promise<unknown>): Promise<DomainError> {
  const outcome = await attempt.then(
    () => 'it was allowed',
    (error: unknown) => error,
  );
  if (outcome instanceof DomainError) return outcome;
  throw new Error('expected a refusal', { cause: outcome });
}

export const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
