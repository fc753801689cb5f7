import { platformIds } from '@vibetribe/contracts/platform-id';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { newId } from '@vibetribe/db/new-id';
import { addAccount, addGrant, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { createPlatformHttp, platformAgentOptions } from '@vibetribe/platforms/http/create-platform-http';
import { platformEndpoints } from '@vibetribe/platforms/endpoints';
import { adapters } from '@vibetribe/platforms/registry';
import { openConformanceStage, publishedPart } from '@vibetribe/platforms/testing/test-conformance';
import { publishThrough } from '@vibetribe/platforms/testing/test-publish';
import { systemClock } from '@vibetribe/resilience/clock';
import { Agent } from 'undici';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { changeFailpointNames, type Failpoints } from '../failpoints.ts';
import { createEngineHarness } from '../testing/test-engine.ts';
import { createChangeRunner } from './create-change-runner.ts';
import { enqueueChanges } from './enqueue-changes.ts';

const perPlatform = 13;
const atOnce = 12;
const faultKinds = [
  'reset-after',
  'timeout-after',
  'http-500',
  'error-after',
  'rate-limit',
  'reset-before',
  'http-503',
];
const stepsOfRun = changeFailpointNames.length;

/** Posts of text alone, which every account of theirs may delete. */
const platforms = platformIds.filter((id) => {
  const adapter = adapters[id];
  return adapter.remove !== undefined && adapter.keepsPosts === undefined && !adapter.rules.media.required;
});

class KilledError extends Error {
  override readonly name = 'KilledError';
}

/** The process of one run: at its `dies`th step nothing more comes of it, and a transaction that is open is rolled back. */
function mortal(dies: number): { readonly failpoints: Failpoints; readonly death: Promise<'killed'> } {
  const { promise: death, resolve } = Promise.withResolvers<'killed'>();
  let reached = 0;
  const reach: Failpoints['reach'] = async (name) => {
    if (!name.startsWith('change:')) return;
    reached += 1;
    if (reached !== dies) return;
    if (name === 'change:before_record') throw new KilledError(name);
    resolve('killed');
    await new Promise(() => undefined);
  };
  return { failpoints: { has: () => true, reach }, death };
}

test(
  '100 removals with a fault at every step: each is gone or told, and no other post is touched',
  { timeout: 120_000 },
  async () => {
    const stage = await openConformanceStage();
    onTestFinished(() => stage[Symbol.asyncDispose]());
    const harness = await createEngineHarness(inject('postgresUrl'));
    onTestFinished(() => harness[Symbol.asyncDispose]());
    const dispatcher = new Agent(platformAgentOptions);
    onTestFinished(() => dispatcher.destroy());
    const organizationId = await addOrganization(harness.sql);
    for (const platform of platforms)
      await stage.sandbox.control('PUT', '/_sandbox/limits', { platform, scale: 1_000 });

    const seeded = await Promise.all(platforms.map((platform) => seed(platform)));
    const before = await Promise.all(seeded.map(({ others }) => visible(others)));
    for (const { platform, externalId, isRenewable } of seeded)
      for (const kind of [...faultKinds, ...(isRenewable ? ['token-expired'] : [])])
        await stage.sandbox.control('POST', '/_sandbox/faults', {
          platform,
          account: externalId,
          method: deletes(platform),
          kind,
          times: 1,
          skip: 1,
          retryAfterSeconds: 1,
        });

    const deps: CoreDependencies = {
      ...harness.deps,
      adapters,
      endpoints: (platform) => platformEndpoints(platform, { sandboxUrl: stage.sandbox.url, env: {} }),
      platformHttp: (platform, { timeoutMs, ...options }) =>
        createPlatformHttp({
          ...options,
          dispatcher,
          platform,
          deadline: AbortSignal.timeout(timeoutMs),
          wallClockMs: () => systemClock().now().getTime(),
          monotonicMs: () => systemClock().monotonicMs(),
        }),
    };
    const settings = {
      ...harness.settings,
      publishTimeoutMs: 1_000,
      reconcileQuietMs: 10,
      retryDelaysMs: [10],
      breakerFailureThreshold: 1_000_000,
    };
    let kills = 0;
    let runs = 0;
    /** Every other run dies, each at another of its steps. */
    const run = async (changeId: string) => {
      runs += 1;
      const { failpoints, death } = mortal(runs % 2 === 0 ? ((runs / 2) % stepsOfRun) + 1 : Infinity);
      const runner = createChangeRunner({ ...deps, failpoints }, { settings, owner: 'test', random: () => 0 });
      const end = await Promise.race([runner.run(changeId), death]).catch((error: unknown) => {
        if (isKill(error)) return 'killed';
        throw error;
      });
      if (end === 'killed') kills += 1;
    };
    await expect
      .poll(
        async () => {
          // Time passes, and the leases of the dead are over.
          await harness.sql(`update publication_changes set due_at = now() where due_at > now()`);
          await harness.sql(
            `update publication_changes set lease_until = now() - interval '1 ms', enqueued_until = null where lease_until is not null`,
          );
          const jobs = await enqueueChanges(deps, { enqueuedForMs: 0 });
          while (jobs.length > 0)
            await Promise.all(jobs.splice(0, atOnce).map(({ publicationId }) => run(publicationId)));
          return harness.sql(
            `select detail from (select removal ->> 'detail' as detail from publications p join publication_changes c on c.publication_id = p.id) d`,
          );
        },
        { timeout: 90_000, interval: 50 },
      )
      .toEqual([]);

    const outcomes = await harness.sql<{ platform: string; status: string }>(
      `select platform, removal ->> 'status' as status from publications`,
    );
    expect(outcomes).toHaveLength(perPlatform * platforms.length);
    expect(outcomes.length).toBeGreaterThanOrEqual(100);
    expect(outcomes.filter(({ status }) => status !== 'removed')).toEqual([]);
    const told = await harness.sql(
      `select publication_id from events where type = 'publication.removed' group by publication_id having count(*) = 1`,
    );
    expect(told).toHaveLength(outcomes.length);
    for (const { platform, externalId } of seeded) {
      const { items, commits } = await stage.sandbox.posts(platform, externalId);
      expect({ platform, items, commits }).toEqual({ platform, items: [], commits: perPlatform });
    }
    expect(await Promise.all(seeded.map(({ others }) => visible(others)))).toEqual(before);
    expect(kills).toBeGreaterThan(perPlatform);

    async function visible(place: { readonly platform: PlatformId; readonly externalId: string }) {
      return (await stage.sandbox.posts(place.platform, place.externalId)).items.map(({ id }) => id);
    }

    /** Published posts that are to be taken off, and somebody else's. */
    async function seed(platform: PlatformId) {
      const on = stage.on(platform);
      const [own, other] = [await on.connectByHand(), await on.connectByHand()];
      const grantId = newId('grant');
      const credentials = harness.deps.keyRing.seal(JSON.stringify(own.credentials), {
        organizationId,
        table: 'grants',
        rowId: grantId,
        column: 'credentials',
      });
      const service = own.account.service ?? '';
      const { externalId, handle } = own.account;
      await addGrant(harness.sql, { id: grantId, organizationId, platform, service, credentials });
      const { accountId } = await addAccount(harness.sql, {
        organizationId,
        platform,
        service,
        grantId,
        externalId,
        handle,
      });
      for (let index = 0; index < perPlatform; index += 1) {
        const part = publishedPart(await publishThrough(stage.sandbox, on.publicationOf(own, `Short-lived ${index}`)));
        const postId = await addPost(harness.sql, { organizationId });
        const { platformPostId, url } = part;
        const removal = { status: 'removing' };
        const fields = { organizationId, platform, postId, accountId, platformPostId, url, removal };
        const publicationId = await addPublication(harness.sql, { ...fields, status: 'published' });
        await harness.sql(
          `insert into publication_changes (id, organization_id, publication_id, kind) values ($1, $2, $3, 'remove')`,
          [newId('change'), organizationId, publicationId],
        );
      }
      await publishThrough(stage.sandbox, on.publicationOf(other, 'Stays'));
      const isRenewable = own.credentials.refreshToken !== undefined;
      return { platform, externalId, isRenewable, others: { platform, externalId: other.account.externalId } };
    }
  },
);

/** Where a platform deletes by another verb than DELETE, all that its account sends is broken. */
function deletes(platform: PlatformId): string {
  return adapters[platform].sendTimesDiffer === true ? 'POST' : 'DELETE';
}

function isKill(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof KilledError) return true;
  return false;
}
