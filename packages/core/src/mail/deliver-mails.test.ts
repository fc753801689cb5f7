import { randomUUID } from 'node:crypto';
import { startTestSandbox } from '@vibetribe/platforms/test-sandbox';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createTestHarness, type TestHarness } from '../publishing/testing/test-harness.ts';
import { type MailOutcome, startMailer } from './deliver-mails.ts';
import { mailOf } from './mail-content.ts';
import { queueMail, type QueuedMail } from './queue-mail.ts';
import { createSmtpSender, type MailResult, type MailSender } from './smtp-sender.ts';

let harness: TestHarness;
beforeAll(async () => {
  harness = await createTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(() => harness.sql('delete from mails'));

const content = mailOf({ subject: 'News', paragraphs: ['Something happened.'] });

async function queue(more: Partial<QueuedMail> = {}): Promise<string> {
  const recipient = `${randomUUID()}@example.com`;
  const mail = { kind: 'notification', recipient, organizationId: null, content, lifeHours: 24, ...more } as const;
  await harness.deps.db.asWorker((tx) => queueMail({ ...harness.deps, sendsMail: true }, tx, mail));
  return mail.recipient;
}

/** A mail server that answers as it is told, and what it was handed. */
function listeningSender(answer: (recipient: string) => Promise<MailResult>) {
  const handed: string[] = [];
  const sender: MailSender = {
    send({ recipient }) {
      handed.push(recipient);
      return answer(recipient);
    },
    [Symbol.dispose]: () => undefined,
  };
  return { handed, sender };
}

const sent = async (): Promise<MailResult> => ({ kind: 'sent' });
const pending = async (where: string) =>
  (await harness.sql<{ count: number }>(`select count(*)::int as count from mails where ${where}`))[0]?.count;

test('two processes send every mail once', async () => {
  const recipients = await Promise.all(Array.from({ length: 24 }, () => queue()));
  const { handed, sender } = listeningSender(sent);
  await using _one = startMailer(harness.deps, { sender });
  await using _other = startMailer(harness.deps, { sender });
  await waitFor(async () => (await pending(`status <> 'sent'`)) === 0, { describe: 'all are sent' });
  expect(handed.toSorted()).toEqual(recipients.toSorted());
});

describe('a mail that is being sent', () => {
  test('belongs to one process until its lease ends; a late word of the first changes nothing then', async () => {
    await queue();
    const gate = Promise.withResolvers<MailResult>();
    const first = listeningSender(() => gate.promise);
    const second = listeningSender(sent);
    const outcomes: MailOutcome[] = [];
    await using opened = new AsyncDisposableStack();
    const onOutcome = (outcome: MailOutcome) => void outcomes.push(outcome);
    opened.use(startMailer(harness.deps, { sender: first.sender, onOutcome }));
    await waitFor(async () => first.handed.length === 1, { describe: 'the first has it' });
    const late = await queue();
    opened.use(startMailer(harness.deps, { sender: second.sender }));
    await waitFor(async () => second.handed.includes(late), { describe: 'the second sends what is free' });
    expect(second.handed).toEqual([late]);
    await harness.sql('update mails set lease_until = now() where lease_until is not null');
    await waitFor(async () => second.handed.length === 2, { describe: 'the second takes it over' });
    await waitFor(async () => (await pending(`status = 'sent'`)) === 2, { describe: 'it is sent' });
    gate.resolve({ kind: 'failed', error: 'too late' });
    await waitFor(async () => outcomes.length > 0, { describe: 'the first tells' });
    expect(outcomes).toEqual(['superseded']);
    expect(await pending(`status = 'sent' and last_error is null`)).toBe(2);
  });

  test('and fails waits ten seconds, then longer each time, and is given up after the eighth try', async () => {
    for (const attempts of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const recipient = await queue();
      await harness.sql('update mails set attempts = $2 where recipient = $1', [recipient, attempts]);
    }
    const { handed, sender } = listeningSender(async () => ({ kind: 'failed', error: 'busy' }));
    await using _mailer = startMailer(harness.deps, { sender });
    await waitFor(async () => (await pending(`last_error = 'busy'`)) === 8, { describe: 'all have failed' });
    const rows = await harness.sql<{ status: string; seconds: number }>(
      `select status, extract(epoch from next_attempt_at - now())::float8 as seconds from mails order by attempts`,
    );
    const waits = [10, 60, 300, 1_800, 7_200, 21_600, 43_200];
    expect(rows.map(({ status }) => status)).toEqual([...waits.map(() => 'pending'), 'failed']);
    // As long as it took to look is gone of each.
    for (const [at, wait] of waits.entries()) {
      expect(rows[at]?.seconds).toBeLessThanOrEqual(wait);
      expect(rows[at]?.seconds).toBeGreaterThan(waits[at - 1] ?? -60);
    }
    expect(handed).toHaveLength(8);
  });
});

test('a mail goes to its one address alone, can be ended with one click where it may be, and is the same for each try', async () => {
  await using sandbox = await startTestSandbox(process.execPath);
  using sender = createSmtpSender({ url: sandbox.hosts['smtp'] ?? '', from: 'VibeTribe <news@vibetribe.example>' });
  const unsubscribeUrl = 'https://vibetribe.example/unsubscribe?token=t';
  const mail = { ...content, unsubscribeUrl };
  for (let tries = 0; tries < 2; tries += 1)
    expect(await sender.send({ id: 'mail_1', recipient: 'ada@example.com', content: mail })).toEqual({ kind: 'sent' });
  await sender.send({ id: 'mail_2', recipient: 'bob@example.com', content });
  await sender.send({ id: 'mail_3', recipient: 'eve@example.com, mallory@example.com', content });
  const { items } = (await sandbox.control('GET', '/_sandbox/mail')) as {
    items: { to: string[]; headers: Record<string, string> }[];
  };
  const ofAda = items.filter(({ to }) => to.includes('ada@example.com'));
  expect(ofAda.map(({ headers }) => headers['message-id'])).toEqual([
    '<mail_1@vibetribe.example>',
    '<mail_1@vibetribe.example>',
  ]);
  expect(ofAda[0]?.headers).toMatchObject({
    'list-unsubscribe': `<${unsubscribeUrl}>`,
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
  });
  expect(items.find(({ to }) => to.includes('bob@example.com'))?.headers).not.toHaveProperty('list-unsubscribe');
  expect(items.flatMap(({ to }) => to)).not.toContain('mallory@example.com');
});
