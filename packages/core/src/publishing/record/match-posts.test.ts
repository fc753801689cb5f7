import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { resolvePublication } from '../../posts/published/resolve-publication.ts';
import { noFailpoints } from '../failpoints.ts';
import { createGate } from '../testing/create-gate.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const editor: Actor = {
  organizationId: '',
  userId: null,
  role: 'editor',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: 'user:test',
};

describe('a post that two publications take for theirs', () => {
  const equals = async (...behaviours: Parameters<typeof harness.platform.behave>) => {
    const account = await harness.addAccount();
    const ids = [await harness.addPublication(account), await harness.addPublication({ ...account, dueInMs: -2_000 })];
    harness.platform.lookup = 'by_text';
    harness.platform.behave(...behaviours);
    return ids;
  };
  /** Of one account of the platform, which both have connected. */
  const equalsOfTwoOrganizations = async (text = 'Hello'): Promise<[string, string]> => {
    const accounts = [await harness.addAccount(), await harness.addAccount()];
    await harness.sql('update accounts set external_id = $2 where id = any($1)', [
      accounts.map(({ accountId }) => accountId),
      `shared ${text}`,
    ]);
    const [one = '', other = ''] = await Promise.all(
      accounts.map((account) => harness.addPublication({ ...account, text })),
    );
    harness.platform.lookup = 'by_text';
    return [one, other];
  };
  const look = async (ids: readonly string[], failpoints = noFailpoints) => {
    for (const id of ids) await harness.makeDue(id);
    const engine = harness.engine({}, failpoints);
    await Promise.all(ids.map((id) => engine.publish(id)));
  };

  test('belongs to one of them, and the other one finds its own, although both looked at once', async () => {
    const ids = await equals('accept_then_lose_reply');
    await look(ids);
    const gate = createGate(['reconcile:after_ask']);
    const looking = look(ids, gate.failpoints);
    await gate.reachedBy(2);
    gate.open();
    await looking;
    const states = await Promise.all(ids.map(async (id) => (await harness.read(id)).status));
    expect(states.toSorted(byText)).toEqual(['published', 'waiting']);
    await look(ids);
    const posts = await Promise.all(ids.map(async (id) => (await harness.read(id)).platform_post_id));
    expect(posts.toSorted(byText)).toEqual(harness.platform.accepted.map(({ key }) => key).toSorted(byText));
  });

  test.each(['record:before_commit', 'reconcile:after_ask'] as const)(
    'belongs to one of them also where they are of two organizations that share the account, in two processes (%s)',
    async (place) => {
      const ids = await equalsOfTwoOrganizations();
      harness.platform.behave('accept_then_lose_reply');
      await look(ids);
      const gate = createGate([place]);
      for (const id of ids) await harness.makeDue(id);
      const looking = Promise.all(ids.map((id) => harness.engine({}, gate.failpoints).publish(id)));
      await Promise.race([gate.reachedBy(2), untilSomeoneWaits()]);
      gate.open();
      await looking;
      const states = await Promise.all(ids.map(async (id) => (await harness.read(id)).status));
      expect(states.toSorted(byText)).toEqual(['published', 'waiting']);
      await look(ids);
      const posts = await Promise.all(ids.map(async (id) => (await harness.read(id)).platform_post_id));
      expect(posts.toSorted(byText)).toEqual(harness.platform.accepted.map(({ key }) => key).toSorted(byText));
    },
  );

  test(
    'ninety-six pairs of two organizations, settled at once: each post belongs to one publication',
    { timeout: 60_000 },
    async () => {
      const pairs = await Promise.all(
        Array.from({ length: 96 }, (_, index) => equalsOfTwoOrganizations(`same ${index}`)),
      );
      harness.platform.behave('accept_then_lose_reply');
      await look(pairs.flat());
      // Both sides have asked before either of them is written.
      const gates = [createGate(['record:before_commit']), createGate(['record:before_commit'])] as const;
      const sides = [pairs.map(([one]) => one), pairs.map(([, other]) => other)] as const;
      const looking = sides.map((ids, side) => look(ids, gates[side]?.failpoints));
      await Promise.race([Promise.all(gates.map((gate) => gate.reachedBy(1))), untilSomeoneWaits()]);
      for (const gate of gates) gate.open();
      await Promise.all(looking);
      for (let turn = 0; turn < 8; turn += 1) await Promise.all(sides.map((ids) => look(ids)));
      const rows = await harness.sql<{ id: string | null }>('select platform_post_id as id from publications');
      expect(rows.map(({ id }) => id).toSorted(byText)).toEqual(
        harness.platform.accepted.map(({ key }) => key).toSorted(byText),
      );
    },
  );

  test('is told by a person only for the one that it belongs to, in whichever organization', async () => {
    const [sent, doubtful] = await equalsOfTwoOrganizations();
    await look([sent]);
    const { platform_post_id: platformPostId } = await harness.read(sent);
    harness.platform.behave('lose_request');
    harness.platform.lookup = 'cannot_tell';
    await look([doubtful]);
    await look([doubtful]);
    const [row] = await harness.sql<{ organization_id: string }>(
      'select organization_id from publications where id = $1',
      [doubtful],
    );
    const actor = { ...editor, organizationId: row?.organization_id ?? '' };
    const tell = (id: string | null) =>
      resolvePublication(harness.deps, actor, {
        publicationId: doubtful,
        answer: { outcome: 'published', platformPostId: id ?? '' },
      });
    await expect(tell(platformPostId)).rejects.toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'platformPostId' }],
    });
    expect(await tell('another')).toMatchObject({ status: 'published' });
  });

  test('is not taken for the equal post of another organization that has the same account', async () => {
    const accounts = [await harness.addAccount(), await harness.addAccount()];
    await harness.sql(`update accounts set external_id = 'shared'`);
    const [sent = '', lost = ''] = await Promise.all(accounts.map((account) => harness.addPublication(account)));
    harness.platform.lookup = 'by_text';
    await look([sent]);
    harness.platform.behave('lose_request');
    await look([lost]);
    await look([lost]);
    await look([lost]);
    expect(await harness.read(sent)).toMatchObject({ status: 'published' });
    expect(await harness.read(lost)).toMatchObject({ status: 'retrying' });
  });

  test('is no success for the one that it is the answer to, once a look-up has given it to the other', async () => {
    const [lost = '', sent = ''] = await equals('lose_request');
    await look([lost]);
    harness.platform.behave('accept');
    const gate = createGate(['send:after_answer']);
    const sending = harness.engine({}, gate.failpoints).publish(sent);
    await gate.reachedBy(1);
    await look([lost]);
    expect(await harness.read(lost)).toMatchObject({ status: 'published' });
    gate.open();
    await sending;
    expect(await harness.read(sent)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
  });

  test('is not what a platform that remembers keys answers with for ever: the next send has a key of its own', async () => {
    const [lost = '', sent = ''] = await equals('lose_request');
    harness.platform.remembersKeys = true;
    await look([lost]);
    harness.platform.behave('accept_then_lose_reply');
    await look([sent]);
    await look([lost]);
    expect(await harness.read(lost)).toMatchObject({ status: 'published' });
    harness.platform.behave('accept');
    for (let turn = 0; turn < 8; turn += 1) await look([sent]);
    expect(await harness.read(sent)).toMatchObject({ status: 'published' });
    const posts = await Promise.all([lost, sent].map(async (id) => (await harness.read(id)).platform_post_id));
    expect(new Set(posts).size).toBe(2);
    expect(harness.platform.accepted).toHaveLength(2);
  });
});

async function untilSomeoneWaits(): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await expect.poll(() => harness.sql(waiting), { timeout: 25_000 }).not.toEqual([]);
}

function byText(one: string | null, other: string | null): number {
  return (one ?? '').localeCompare(other ?? '');
}
