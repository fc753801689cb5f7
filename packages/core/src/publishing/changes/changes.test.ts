import { PlatformError } from '@vibetribe/platforms/platform-error';
import { newId } from '@vibetribe/db/new-id';
import { beforeEach, afterEach, describe, expect, inject, test } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { FailpointName, Protection } from '../failpoints.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';
import { createChangeRunner } from './create-change-runner.ts';
import { enqueueChanges } from './enqueue-changes.ts';

let harness: EngineHarness;
/** What the platform shows, by id. */
let shown: Map<string, string>;
let asked: string[];
let answers: (() => void)[];
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
  shown = new Map();
  asked = [];
  answers = [];
});
afterEach(() => harness[Symbol.asyncDispose]());

const lost = () => {
  throw new PlatformError('ambiguous', 'The platform did not say whether it took the request', {
    platformCode: 'reset',
  });
};

interface Ways {
  readonly without?: Protection;
  readonly reach?: (name: FailpointName) => Promise<void>;
}

function runner({ without, reach = async () => undefined }: Ways = {}) {
  const { adapter } = harness.platform;
  const deps: CoreDependencies = {
    ...harness.deps,
    failpoints: { has: (protection) => protection !== without, reach },
    adapters: {
      ...harness.deps.adapters,
      [adapter.id]: {
        ...adapter,
        remove: async ({ post }) => {
          asked.push(post.platformPostId);
          const answer = shown.delete(post.platformPostId) ? 'removed' : 'already_gone';
          answers.shift()?.();
          return answer;
        },
        edit: async ({ post, content }) => {
          asked.push(content.text);
          shown.set(post.platformPostId, content.text);
          answers.shift()?.();
        },
      } satisfies typeof adapter,
    },
  };
  const made = createChangeRunner(deps, { settings: harness.settings, owner: 'test', random: () => 0 });
  return (changeId: string) => made.run(changeId);
}

async function out(ids: readonly string[] = ['1']): Promise<{ id: string; accountId: string; organizationId: string }> {
  const account = await harness.addAccount();
  const id = await harness.addPublication({ ...account, thread: ids.slice(1) });
  for (const each of ids) shown.set(each, 'as it was');
  const parts = ids.map((platformPostId) => ({ platformPostId, url: null, reference: null, publishedAtMs: 1 }));
  await harness.sql(
    `update publications set status = 'published', due_at = null, platform_post_id = $2, parts = $3::jsonb where id = $1`,
    [id, ids[0], ids.length === 1 ? null : JSON.stringify(parts)],
  );
  return { id, ...account };
}

/** As the verbs ask for it. */
async function want(id: string, organizationId: string, kind: 'remove' | 'edit', content: string | null = null) {
  const [row] = await harness.sql<{ id: string }>(
    `insert into publication_changes (id, organization_id, publication_id, kind, content) values ($1, $2, $3, $4, $5)
     on conflict (organization_id, publication_id) do update set kind = excluded.kind, content = excluded.content,
       version = publication_changes.version + 1, due_at = clock_timestamp() returning id`,
    [newId('change'), organizationId, id, kind, content],
  );
  return row?.id ?? '';
}

async function state(id: string) {
  const [row] = await harness.sql<{
    removal: { status: string; detail?: string } | null;
    edit: { status: string; liveContent: string | null } | null;
  }>('select removal, edit from publications where id = $1', [id]);
  return row;
}
const timesPass = () =>
  harness.sql(
    `update publication_changes set due_at = now() - interval '1 ms', lease_until = case when lease_until is not null then now() - interval '1 ms' end`,
  );
const typesOf = async (id: string) => (await harness.timeline(id)).filter((type) => /remov|content/u.test(type));

describe('a removal', () => {
  test('takes a thread off last part first, and tells each', async () => {
    const { id, organizationId } = await out(['1', '2', '3']);
    await runner()(await want(id, organizationId, 'remove'));
    expect(asked).toEqual(['3', '2', '1']);
    expect(shown.size).toBe(0);
    expect((await state(id))?.removal).toEqual({ status: 'removed' });
    expect(await typesOf(id)).toEqual(['part_removed', 'part_removed', 'removed']);
  });

  test('whose answer is lost is asked for again, and what is gone by then counts', async () => {
    const { id, organizationId } = await out();
    const change = await want(id, organizationId, 'remove');
    answers = [lost];
    await runner()(change);
    expect((await state(id))?.removal).toMatchObject({ status: 'removing' });
    await timesPass();
    await runner()(change);
    expect((await state(id))?.removal).toEqual({ status: 'removed' });
    expect(asked).toEqual(['1', '1']);
  });

  test('is told as failed although it is gone, where silence counts as a refusal', async () => {
    const { id, organizationId } = await out();
    answers = [lost];
    await runner({ without: 'silence_is_unknown' })(await want(id, organizationId, 'remove'));
    expect(shown.size).toBe(0);
    expect((await state(id))?.removal).toMatchObject({ status: 'failed' });
  });

  test.each([
    { without: undefined, status: 'unconfirmed' },
    { without: 'change_intent' as const, status: 'failed' },
  ])('in doubt when its account is disconnected is $status without $without', async ({ without, status }) => {
    const { id, accountId, organizationId } = await out();
    const change = await want(id, organizationId, 'remove');
    const ways = without === undefined ? {} : { without };
    const stuck = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const reach = async (name: FailpointName) => {
      if (name !== 'change:after_answer') return;
      reached.resolve();
      await stuck.promise;
    };
    const dying = runner({ ...ways, reach })(change);
    await reached.promise;
    await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountId]);
    await timesPass();
    await runner(ways)(change);
    expect((await state(id))?.removal).toMatchObject({ status });
    expect(shown.size).toBe(0);
    stuck.resolve();
    await dying;
    expect((await state(id))?.removal).toMatchObject({ status });
  });

  test('waits for a pause that came after its claim, and for the account, and goes on once they are over', async () => {
    const { id, organizationId } = await out();
    const change = await want(id, organizationId, 'remove');
    const pause = newId('pause');
    const reach = async (name: FailpointName) => {
      if (name === 'change:after_claim')
        await harness.sql(`insert into pauses (id, organization_id, reason) values ($1, $2, 'Stop')`, [
          pause,
          organizationId,
        ]);
    };
    await runner({ reach })(change);
    expect(asked).toEqual([]);
    expect((await state(id))?.removal).toMatchObject({ status: 'removing', detail: expect.stringContaining('Stop') });
    expect(await enqueueChanges(harness.deps, { enqueuedForMs: 0 })).toEqual([]);
    await harness.sql('update pauses set lifted_at = now() where id = $1', [pause]);
    expect(await enqueueChanges(harness.deps, { enqueuedForMs: 0 })).toMatchObject([{ publicationId: change }]);
    await runner()(change);
    expect((await state(id))?.removal).toEqual({ status: 'removed' });
  });
});

describe('an edit', () => {
  test.each([
    { without: undefined, text: 'new' },
    { without: 'change_fence' as const, text: 'old' },
  ])('that was asked for last is what is shown: $text without $without', async ({ without, text }) => {
    const { id, organizationId } = await out();
    const change = await want(id, organizationId, 'edit', 'old');
    const ways = without === undefined ? {} : { without };
    const wakes = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const reach = async (name: FailpointName) => {
      if (name !== 'change:after_claim') return;
      reached.resolve();
      await wakes.promise;
    };
    const frozen = runner({ ...ways, reach })(change);
    await reached.promise;
    await want(id, organizationId, 'edit', 'new');
    wakes.resolve();
    await frozen;
    await timesPass();
    await runner(ways)(change);
    expect(shown.get('1')).toBe(text);
    expect((await state(id))?.edit).toMatchObject({ status: 'edited', liveContent: text });
  });

  test('that the platform refuses is told, with a notification, and the old text stays', async () => {
    const { id, organizationId } = await out();
    answers = [
      () => {
        throw new PlatformError('permission', 'Too old to edit', { platformCode: '403' });
      },
    ];
    await runner()(await want(id, organizationId, 'edit', 'new'));
    expect((await state(id))?.edit).toMatchObject({ status: 'failed', liveContent: null });
    expect(await typesOf(id)).toEqual(['content_failed']);
    expect(await harness.sql(`select 1 from notifications where kind = 'publication_change_failed'`)).toHaveLength(1);
  });
});
