import { randomBytes } from 'node:crypto';
import { openMigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addOrganization } from '@vibetribe/db/testing/test-rows';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startMailer } from './deliver-mails.ts';
import { mailOf } from './mail-content.ts';
import { queueMail } from './queue-mail.ts';
import { mailsAtOnce } from './smtp-sender.ts';

test("an organization's hundred invitations delay nobody's link to a new password", async () => {
  const database = await openMigratedDatabase(inject('postgresUrl'));
  onTestFinished(() => database[Symbol.asyncDispose]());
  const keyRing = createKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const organizationId = await addOrganization(database.sql);
  const content = mailOf({ subject: 'Hello', paragraphs: [] });
  await database.db.asWorker(async (tx) => {
    const writer = { keyRing, sendsMail: true };
    for (let count = 0; count < 100; count += 1) {
      const recipient = `${count}@example.org`;
      await queueMail(writer, tx, { kind: 'invitation', recipient, organizationId, content, lifeHours: 1 });
    }
    const reset = { kind: 'password_reset', recipient: 'ada@example.org', organizationId: null } as const;
    await queueMail(writer, tx, { ...reset, content, lifeHours: 1 });
  });
  const sent: string[] = [];
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const deps = { db: database.db, keyRing, logger, signals: { eventsCommitted: () => undefined } } as never;
  const mailer = startMailer(deps, {
    sender: {
      async send({ recipient }) {
        sent.push(recipient);
        return { kind: 'sent' };
      },
      [Symbol.dispose]: () => undefined,
    },
  });
  await waitFor(() => sent.length === 101, { describe: 'all are sent', timeoutMs: 30_000 });
  await mailer[Symbol.asyncDispose]();
  expect(sent.slice(0, mailsAtOnce)).toContain('ada@example.org');
}, 60_000);
