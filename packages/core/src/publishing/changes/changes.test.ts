import { newId } from '@vibetribe/db/new-id';
import { addPause } from '@vibetribe/db/testing/test-rows';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { FailpointName } from '../failpoints.ts';
import { type ChangeScene, lost, openChangeScene } from '../testing/test-changes.ts';
import { enqueueChanges } from './enqueue-changes.ts';

let scene: ChangeScene;
beforeEach(async () => {
  scene = await openChangeScene(inject('postgresUrl'));
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('a removal', () => {
  test('takes a thread off last part first, and tells each', async () => {
    const { id, organizationId } = await scene.out(['1', '2', '3']);
    await scene.runner()(await scene.want(id, organizationId, 'remove'));
    expect(scene.asked).toEqual(['3', '2', '1']);
    expect(scene.shown.size).toBe(0);
    expect((await scene.state(id))?.removal).toEqual({ status: 'removed' });
    expect(await scene.typesOf(id)).toEqual(['part_removed', 'part_removed', 'removed']);
  });

  test('whose answer is lost is asked for again, and what is gone by then counts', async () => {
    const { id, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'remove');
    scene.answers.push(lost);
    await scene.runner()(change);
    expect((await scene.state(id))?.removal).toMatchObject({ status: 'removing' });
    await scene.timesPass();
    await scene.runner()(change);
    expect((await scene.state(id))?.removal).toEqual({ status: 'removed' });
    expect(scene.asked).toEqual(['1', '1']);
  });

  test('is told as failed although it is gone, where silence counts as a refusal', async () => {
    const { id, organizationId } = await scene.out();
    scene.answers.push(lost);
    await scene.runner({ without: 'silence_is_unknown' })(await scene.want(id, organizationId, 'remove'));
    expect(scene.shown.size).toBe(0);
    expect((await scene.state(id))?.removal).toMatchObject({ status: 'failed' });
  });

  test.each([
    { without: undefined, status: 'unconfirmed' },
    { without: 'change_intent' as const, status: 'failed' },
  ])('in doubt when its account is disconnected is $status without $without', async ({ without, status }) => {
    const { id, accountId, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'remove');
    const ways = without === undefined ? {} : { without };
    const stuck = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const reach = async (name: FailpointName) => {
      if (name !== 'change:after_answer') return;
      reached.resolve();
      await stuck.promise;
    };
    const dying = scene.runner({ ...ways, reach })(change);
    await reached.promise;
    await scene.harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountId]);
    await scene.timesPass();
    await scene.runner(ways)(change);
    expect((await scene.state(id))?.removal).toMatchObject({ status });
    expect(scene.shown.size).toBe(0);
    stuck.resolve();
    await dying;
    expect((await scene.state(id))?.removal).toMatchObject({ status });
  });

  test('waits for a pause that came after its claim, and for the account, and goes on once they are over', async () => {
    const { id, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'remove');
    const pause = newId('pause');
    const reach = async (name: FailpointName) => {
      if (name === 'change:after_claim') await addPause(scene.harness.sql, { id: pause, organizationId });
    };
    await scene.runner({ reach })(change);
    expect(scene.asked).toEqual([]);
    expect((await scene.state(id))?.removal).toMatchObject({
      status: 'removing',
      detail: expect.stringContaining('Stop'),
    });
    expect(await enqueueChanges(scene.harness.deps, { enqueuedForMs: 0 })).toEqual([]);
    await scene.harness.sql('update pauses set lifted_at = now() where id = $1', [pause]);
    expect(await enqueueChanges(scene.harness.deps, { enqueuedForMs: 0 })).toMatchObject([{ publicationId: change }]);
    await scene.runner()(change);
    expect((await scene.state(id))?.removal).toEqual({ status: 'removed' });
  });
});

describe('an edit', () => {
  test.each([
    { without: undefined, text: 'new' },
    { without: 'change_fence' as const, text: 'old' },
  ])('that was asked for last is what is shown: $text without $without', async ({ without, text }) => {
    const { id, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'edit', 'old');
    const ways = without === undefined ? {} : { without };
    const wakes = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const reach = async (name: FailpointName) => {
      if (name !== 'change:after_claim') return;
      reached.resolve();
      await wakes.promise;
    };
    const frozen = scene.runner({ ...ways, reach })(change);
    await reached.promise;
    await scene.want(id, organizationId, 'edit', 'new');
    wakes.resolve();
    await frozen;
    await scene.timesPass();
    await scene.runner(ways)(change);
    expect(scene.shown.get('1')).toBe(text);
    expect((await scene.state(id))?.edit).toMatchObject({ status: 'edited', liveContent: text });
  });

  test.each([
    { kind: 'edit' as const, isLeftAlone: true },
    { kind: 'remove' as const, isLeftAlone: false },
  ])('in doubt may come late: the $kind that replaces it waits for it: $isLeftAlone', async ({ kind, isLeftAlone }) => {
    const { id, organizationId } = await scene.out();
    const change = await scene.want(id, organizationId, 'edit', 'old');
    const onEdit = async () => {
      await scene.want(id, organizationId, kind, kind === 'edit' ? 'new' : null);
      throw new PlatformError('ambiguous', 'No answer came', { platformCode: 'reset', retryAfterMs: 3_600_000 });
    };
    await scene.runner({ onEdit })(change);
    const [row] = await scene.harness.sql(
      `select due_at > now() + interval '30 minutes' as later from publication_changes where id = $1`,
      [change],
    );
    expect(row).toEqual({ later: isLeftAlone });
    await scene.timesPass();
    await scene.runner()(change);
    expect(scene.shown.get('1')).toBe(kind === 'edit' ? 'new' : undefined);
  });

  test('that the platform refuses is told, with a notification, and the old text stays', async () => {
    const { id, organizationId } = await scene.out();
    scene.answers.push(() => {
      throw new PlatformError('permission', 'Too old to edit', { platformCode: '403' });
    });
    await scene.runner()(await scene.want(id, organizationId, 'edit', 'new'));
    expect((await scene.state(id))?.edit).toMatchObject({ status: 'failed', liveContent: null });
    expect(await scene.typesOf(id)).toEqual(['content_failed']);
    expect(
      await scene.harness.sql(`select 1 from notifications where kind = 'publication_change_failed'`),
    ).toHaveLength(1);
  });
});
