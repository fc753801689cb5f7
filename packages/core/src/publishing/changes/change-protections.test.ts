import { newId } from '@vibetribe/db/new-id';
import { callPlatform } from '@vibetribe/platforms/http/call-platform';
import { createPlatformHttp, platformAgentOptions } from '@vibetribe/platforms/http/create-platform-http';
import type { PlatformHttp } from '@vibetribe/platforms/port/platform-http';
import { answerJson, bodyOf, startHttpServer } from '@vibetribe/platforms/testing/test-server';
import { systemClock } from '@vibetribe/resilience/clock';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { sql } from 'drizzle-orm';
import { Agent } from 'undici';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { takePauseLock } from '../../pauses/pause-lock.ts';
import type { FailpointName } from '../failpoints.ts';
import { type ChangeScene, openChangeScene } from '../testing/test-changes.ts';
import { enqueueChanges } from './enqueue-changes.ts';

/** Each protection of what is done to a post that is out, and the harm that comes without it. */
let scene: ChangeScene;
beforeEach(async () => {
  scene = await openChangeScene(inject('postgresUrl'));
});
afterEach(() => scene[Symbol.asyncDispose]());

/** A run that stands still at `at` until it is woken. */
function frozenAt(at: FailpointName) {
  const reached = Promise.withResolvers<void>();
  const wakes = Promise.withResolvers<void>();
  const reach = async (name: FailpointName) => {
    if (name !== at) return;
    reached.resolve();
    await wakes.promise;
  };
  return { reached: reached.promise, wake: () => wakes.resolve(), reach };
}

test.each([
  { without: undefined, text: 'new' },
  { without: 'late_fence' as const, text: 'old' },
])(
  'an edit whose publisher slept beyond its lease, its intent written, shows $text without $without',
  async ({ without, text }) => {
    let shown = '';
    await using server = await startHttpServer(async (request, response) => {
      shown = await bodyOf(request);
      answerJson(response, 200, {});
    });
    const dispatcher = new Agent(platformAgentOptions);
    onTestFinished(() => dispatcher.destroy());
    const put = (http: PlatformHttp, wanted: string) =>
      callPlatform({
        http,
        platformName: 'The platform',
        request: { method: 'PUT', url: server.origin, body: { bytes: Buffer.from(wanted) } },
        effect: 'idempotent',
        answer: z.unknown(),
        refusalOf: () => ({ kind: 'content', platformCode: 'refused' }),
      }).then(() => undefined);
    const machine = machineWith(dispatcher);
    const { id, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'edit', 'old');
    const frozen = frozenAt('change:after_intent');
    const late = scene.runner({ without, reach: frozen.reach, onEdit: put, deps: machine.deps })(change);
    await frozen.reached;
    await scene.want(id, organizationId, 'edit', 'new');
    await scene.timesPass();
    await scene.runner({ without, onEdit: put, deps: machineWith(dispatcher).deps })(change);
    expect(shown).toBe('new');
    machine.sleep(2 * scene.harness.settings.claimLeaseMs);
    frozen.wake();
    await late;
    expect(shown).toBe(text);
    expect((await scene.state(id))?.edit).toMatchObject({ status: 'edited', liveContent: 'new' });
  },
);

/** A machine of its own, whose clocks go on while it sleeps. */
function machineWith(dispatcher: Agent) {
  let sleptMs = 0;
  const system = systemClock();
  const clock: CoreDependencies['clock'] = {
    ...system,
    now: () => new Date(system.now().getTime() + sleptMs),
    monotonicMs: () => system.monotonicMs() + sleptMs,
  };
  const platformHttp: CoreDependencies['platformHttp'] = (platform, { timeoutMs, ...options }) =>
    createPlatformHttp({
      ...options,
      dispatcher,
      platform,
      deadline: AbortSignal.timeout(timeoutMs),
      wallClockMs: () => clock.now().getTime(),
      monotonicMs: () => clock.monotonicMs(),
    });
  return { deps: { clock, platformHttp }, sleep: (ms: number) => void (sleptMs += ms) };
}

test.each([
  { without: undefined, asked: [] },
  { without: 'pause_lock' as const, asked: ['1'] },
])('while an emergency stop is being made, a removal begins $asked without $without', async ({ without, asked }) => {
  const { id, organizationId } = await scene.out();
  const change = await scene.want(id, organizationId, 'remove');
  const taken = Promise.withResolvers<void>();
  const ends = Promise.withResolvers<void>();
  const stop = scene.harness.deps.db.asWorker(async (tx) => {
    await takePauseLock(tx, organizationId);
    await tx.execute(
      sql`insert into pauses (id, organization_id, reason) values (${newId('pause')}, ${organizationId}, 'Stop')`,
    );
    taken.resolve();
    await ends.promise;
  });
  await taken.promise;
  let isOver = false;
  const run = scene
    .runner({ without })(change)
    .finally(() => (isOver = true));
  const waits = `select 1 from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database()
    and l.locktype = 'advisory' and not l.granted`;
  await waitFor(async () => isOver || (await scene.harness.sql(waits)).length > 0, {
    describe: 'it waits for the stop, or has ended',
  });
  ends.resolve();
  await Promise.all([stop, run]);
  expect(scene.asked).toEqual(asked);
});

test('a removal whose publisher died, and one whose job was lost, are begun again by the sweeper alone', async () => {
  const { id, organizationId } = await scene.out();
  const change = await scene.want(id, organizationId, 'remove');
  const jobs = (without?: 'sweeper') =>
    enqueueChanges({ ...scene.harness.deps, failpoints: scene.failpointsOf({ without }) }, { enqueuedForMs: 0 });
  expect(await jobs()).toHaveLength(1);
  expect([await jobs('sweeper'), await jobs()]).toMatchObject([[], [{ publicationId: change }]]);
  const dead = frozenAt('change:after_intent');
  const died = scene.runner({ reach: dead.reach })(change);
  await dead.reached;
  expect(await jobs()).toEqual([]);
  await scene.timesPass();
  expect([await jobs('sweeper'), await jobs()]).toMatchObject([[], [{ publicationId: change }]]);
  await scene.runner()(change);
  expect((await scene.state(id))?.removal).toEqual({ status: 'removed' });
  dead.wake();
  await died;
  expect(await scene.typesOf(id)).toEqual(['removed']);
});
