import { randomBytes } from 'node:crypto';
import { openMigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addMember, addOrganization } from '@vibetribe/db/testing/test-rows';
import { adapters } from '@vibetribe/platforms/registry';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { sealMessageAddress } from './message-address.ts';
import { startNotifier } from './start-notifier.ts';
import { quietSignals } from '../test-signals.ts';

const silentMembers = 8;
const causes = 6;

test("an organization's webhooks that do not answer hold up neither others' messages nor its own mails", async () => {
  const database = await openMigratedDatabase(inject('postgresUrl'));
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { sql } = database;
  const keyRing = createKeyRing(`k1:${randomBytes(32).toString('base64')}`);

  const addReceiver = async (organizationId: string, url: string) => {
    const userId = await addMember(sql, { organizationId });
    await sql(
      `insert into notification_preferences (id, organization_id, user_id, webhook_sealed, webhook_host) values ($1, $2, $1, $3, $4)`,
      [userId, organizationId, sealMessageAddress(keyRing, { organizationId, userId }, url), new URL(url).host],
    );
  };
  const notify = (organizationId: string, count: number) =>
    sql(
      `with n as (
         insert into notifications (id, organization_id, kind, title, body, data)
         select $1 || 'n' || n, $1, 'publication_failed', 'Failed', 'Why', jsonb_build_object('platform', 'p' || n) from generate_series(1, $2::int) n
         returning id)
       insert into events (organization_id, type, message, data)
       select $1, 'notification.created', 'Failed', jsonb_build_object('notificationId', id) from n`,
      [organizationId, count],
    );
  const mails = async () => (await sql('select 1 from mails')).length;

  const opened = Promise.withResolvers<void>();
  const sent: string[] = [];
  let begun = 0;
  const notifier = startNotifier(
    {
      db: database.db,
      keyRing,
      adapters,
      signals: quietSignals,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      clock: { now: () => new Date(), monotonicMs: () => 0 },
    } as never,
    {
      sendsMail: true,
      collectMs: 0,
      unsubscribeUrl: (key) => `https://api.example.org/unsubscribe?token=${key}`,
      sender: {
        async send({ url }) {
          begun += 1;
          if (url.startsWith('https://silent.')) await opened.promise;
          sent.push(new URL(url).hostname);
          return { status: 200, error: null, durationMs: 1, retryAfterMs: null };
        },
      },
    },
  );
  onTestFinished(() => notifier[Symbol.asyncDispose]());
  onTestFinished(() => opened.resolve());
  const slow = await addOrganization(sql);
  for (let index = 0; index < silentMembers; index += 1) await addReceiver(slow, `https://silent.example.org/${index}`);
  await notify(slow, causes);
  await waitFor(() => begun >= causes, { describe: 'silent receivers are being told', timeoutMs: 20_000 });

  const other = await addOrganization(sql);
  await addReceiver(other, 'https://hooks.example.org/other');
  await notify(other, 1);
  await waitFor(() => sent.length > 0, { describe: "the other organization's message is out", timeoutMs: 20_000 });
  expect(sent).toEqual(['hooks.example.org']);
  await waitFor(async () => (await mails()) === silentMembers * causes + 1, {
    describe: 'all mails are written',
    timeoutMs: 20_000,
  });
  opened.resolve();
  await waitFor(() => sent.length === silentMembers * causes + 1, { describe: 'all are told', timeoutMs: 20_000 });
}, 90_000);
