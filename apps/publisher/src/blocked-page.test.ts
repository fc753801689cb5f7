import { startTestSandbox } from '@vibetribe/platforms/testing/test-sandbox';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { openTestPublisher } from './test-publisher.ts';

const Faults = z.object({ items: z.array(z.looseObject({ fired: z.int() })) });

test(
  'a page that Facebook blocks for a while is held: its people are told once, its posts wait and are not sent',
  { timeout: 120_000 },
  async () => {
    await using sandbox = await startTestSandbox(process.execPath);
    await using publishing = await openTestPublisher(inject('postgresUrl'));
    const made = await sandbox.makeAccount('facebook');
    const account = await publishing.addAccount('facebook', '', z.string().parse(made['accessToken']));
    await publishing.sql('update accounts set external_id = $1', [made.account.id]);
    await sandbox.control('POST', '/_sandbox/faults', {
      platform: 'facebook',
      method: 'POST',
      kind: 'account-blocked',
    });
    const fired = async () => Faults.parse(await sandbox.control('GET', '/_sandbox/faults')).items[0]?.fired ?? 0;
    const waiting = (count: number) =>
      waitFor(
        async () =>
          (await publishing.sql(`select 1 from publications where status = 'waiting' and waiting_reason = 'token'`))
            .length === count,
        { describe: `${count} posts wait for the account`, timeoutMs: 60_000 },
      );

    for (const seconds of [1, 2, 3]) await publishing.addDue(account, seconds);
    await publishing.start({ SANDBOX_URL: sandbox.url });
    await waiting(3);
    const asked = await fired();
    expect(asked).toBeGreaterThan(0);
    for (const seconds of [4, 5]) await publishing.addDue(account, seconds);
    await waiting(5);
    expect(await fired()).toBe(asked);
    const notifications = await publishing.sql<{ kind: string; title: string }>(
      'select kind, title from notifications',
    );
    expect(notifications).toEqual([
      { kind: 'account_needs_reauth', title: expect.stringMatching(/ is blocked there for a while, says Facebook$/u) },
    ]);
    expect(await sandbox.posts('facebook', made.account.id)).toMatchObject({ items: [], commits: 0 });
  },
);
