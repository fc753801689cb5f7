import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { noFailpoints } from '../failpoints.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const texts = (count: number) => Array.from({ length: count }, (_, index) => `Post ${index}`);
const accepted = () => harness.platform.accepted.map(({ text }) => text);

/** Made one after the other, due in the same second. */
async function addLine(account: { organizationId: string; accountId: string }, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts(count)) ids.push(await harness.addPublication({ ...account, text }));
  await harness.sql(
    `update publications set scheduled_at = date_trunc('second', now()) + (1000 - id_order) * interval '1 microsecond', due_at = now() - interval '1 ms'
     from (select id, row_number() over (order by created_at)::int as id_order from publications where account_id = $1) o
     where o.id = publications.id`,
    [account.accountId],
  );
  return ids;
}

/** The earlier a post was made, the longer its send takes to arrive. */
function slowFirst() {
  let sends = 0;
  return {
    ...noFailpoints,
    reach: async (name: string) => {
      if (name === 'send:before_request') await sleep(Math.max(0, 60 - 15 * (sends += 1)));
    },
  };
}

describe('posts of one account that are due in the same second', () => {
  test('go out in the order in which they were made, whichever job comes first, with several publishers', async () => {
    const ids = await addLine(await harness.addAccount(), 12);
    const publishers = [harness.engine({}, slowFirst()), harness.engine({}, slowFirst())] as const;
    await Promise.all(ids.toReversed().map((id, index) => publishers[index % 2 === 0 ? 0 : 1].publish(id)));
    await expect.poll(() => accepted().length, { timeout: 10_000 }).toBe(12);
    expect(accepted()).toEqual(texts(12));
  });

  test('ablation: without their line they overtake each other', async () => {
    const ids = await addLine(await harness.addAccount(), 6);
    const failpoints = { ...slowFirst(), has: (protection: string) => protection !== 'account_line' };
    await Promise.all(ids.map((id) => harness.engine({}, failpoints).publish(id)));
    expect(accepted().toSorted()).toEqual(texts(6));
    expect(accepted()).not.toEqual(texts(6));
  });

  test.each(['token', 'paused', 'internal', 'reconciling'])(
    'are not held up by one before them that waits (%s)',
    async (reason) => {
      const [first = '', ...rest] = await addLine(await harness.addAccount(), 4);
      await harness.sql(
        `update publications set status = 'waiting', waiting_reason = $2, due_at = now() + interval '1 hour',
         intent_at = case when $2 = 'reconciling' then now() end where id = $1`,
        [first, reason],
      );
      await Promise.all(rest.map((id) => harness.engine().publish(id)));
      await expect.poll(accepted, { timeout: 10_000 }).toEqual(texts(4).slice(1));
      expect(await harness.read(first)).toMatchObject({ status: 'waiting' });
    },
  );

  test('are not held up by one before them that fails, is retried, or whose outcome nobody knows', async () => {
    const ids = await addLine(await harness.addAccount(), 5);
    harness.platform.behave('reject', 'refuse_connection', 'lose_request', 'accept');
    await harness.engine().publish(ids[4] ?? '');
    expect(accepted()).toEqual(['Post 3', 'Post 4']);
    const states = await Promise.all(ids.map((id) => harness.read(id)));
    expect(states.map(({ status }) => status)).toEqual(['failed', 'retrying', 'waiting', 'published', 'published']);
  });

  test('wait for a send of theirs whose publisher has died until its lease is over, and not longer', async () => {
    const [first = '', second = ''] = await addLine(await harness.addAccount(), 2);
    await harness.sql(
      `update publications set status = 'publishing', fence = 1, intent_at = now(), lease_until = now() + interval '1 minute' where id = $1`,
      [first],
    );
    const engine = harness.engine();
    await engine.publish(second);
    expect(await harness.read(second)).toMatchObject({ status: 'scheduled' });
    await harness.sql(
      `update publications set status = 'waiting', waiting_reason = 'reconciling', lease_until = null, due_at = now() + interval '1 minute' where id = $1`,
      [first],
    );
    await expect.poll(async () => (await harness.read(second)).status, { timeout: 10_000 }).toBe('published');
  });

  test('hold up no other account, and no other second of theirs', async () => {
    const account = await harness.addAccount();
    const [first = '', other = ''] = [
      ...(await addLine(account, 1)),
      ...(await addLine(await harness.addAccount(), 1)),
    ];
    await harness.sql(
      `update publications set status = 'publishing', fence = 1, lease_until = now() + interval '1 minute', scheduled_at = scheduled_at - interval '2 s' where id = $1`,
      [first],
    );
    const later = await harness.addPublication({ ...account, text: 'Later' });
    await Promise.all([other, later].map((id) => harness.engine().publish(id)));
    expect(accepted().toSorted()).toEqual(['Later', 'Post 0']);
  });

  test('are handed on by a publisher that goes away, so that another one need not wait for a sweep', async () => {
    const ids = await addLine(await harness.addAccount(), 3);
    await harness.sql(`update publications set enqueued_until = now() + interval '1 hour'`);
    const engine = harness.engine(
      {},
      {
        ...noFailpoints,
        reach: async (name) => {
          if (name === 'send:before_request') void engine[Symbol.asyncDispose]();
        },
      },
    );
    await engine.publish(ids[0] ?? '');
    expect(accepted()).toEqual(['Post 0']);
    expect(
      await harness.sql('select id from publications where enqueued_until is null and due_at is not null'),
    ).toEqual([{ id: ids[1] }]);
  });
});
