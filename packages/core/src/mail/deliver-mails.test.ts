import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { addOrganization } from '@vibetribe/db/testing/test-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { is, SQL, StringChunk } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createTestHarness, type TestHarness } from '../publishing/testing/test-harness.ts';
import { type MailOutcome, startMailer } from './deliver-mails.ts';
import { mailOf } from './mail-content.ts';
import { queueMail, type QueuedMail } from './queue-mail.ts';
import { createSmtpSender, mailsAtOnce, type MailResult, type MailSender } from './smtp-sender.ts';

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

test("an organization's hundred invitations delay nobody's link to a new password", async () => {
  const organizationId = await addOrganization(harness.sql);
  for (let count = 0; count < 100; count += 1) await queue({ kind: 'invitation', organizationId });
  const reset = await queue({ kind: 'password_reset' });
  const { handed, sender } = listeningSender(sent);
  await using _mailer = startMailer(harness.deps, { sender });
  await waitFor(() => handed.length === 101, { describe: 'all are sent', timeoutMs: 20_000 });
  expect(handed.slice(0, mailsAtOnce)).toContain(reset);
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

  test('is sent by a second process where the claim does not ask for the lease', async () => {
    const taken = await queue();
    const gate = Promise.withResolvers<MailResult>();
    const first = listeningSender(() => gate.promise);
    const second = listeningSender(sent);
    await using opened = new AsyncDisposableStack();
    opened.use(startMailer(harness.deps, { sender: first.sender }));
    await waitFor(() => first.handed.length === 1, { describe: 'the first has it' });
    opened.use(startMailer(withoutLease(harness.deps), { sender: second.sender }));
    await waitFor(() => second.handed.length > 0, { describe: 'the second has it too' });
    expect(second.handed).toEqual([taken]);
    gate.resolve({ kind: 'sent' });
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

const leaseClause = /and \((?:m\.)?lease_until is null or (?:m\.)?lease_until < statement_timestamp\(\)\)/g;

/** The ablation: the claim's statement without its two conditions. Throws where it has them no longer in these words. */
function withoutLease(deps: TestHarness['deps']): TestHarness['deps'] {
  const cut = (query: SQL) => {
    let cuts = 0;
    const chunks = query.queryChunks.map((chunk) => {
      if (!is(chunk, StringChunk)) return chunk;
      return new StringChunk(chunk.value.map((text) => text.replace(leaseClause, () => ((cuts += 1), ''))));
    });
    if (JSON.stringify(query.queryChunks).includes('for update of m skip locked') && cuts !== 2)
      throw new Error(`${cuts} conditions were cut out of the claim, not 2`);
    return new SQL(chunks);
  };
  const asWorker: TestHarness['deps']['db']['asWorker'] = (work) =>
    deps.db.asWorker((tx) =>
      work({ ...tx, execute: (query: SQL) => tx.execute(cut(query)) } as unknown as Transaction),
    );
  return { ...deps, db: { ...deps.db, asWorker } };
}

interface Received {
  readonly to: string[];
  readonly data: string;
}

/** As much of a mail server as takes mails. */
async function startMailServer() {
  const received: Received[] = [];
  const server = createServer((socket) => {
    let text = '';
    let to: string[] = [];
    let isData = false;
    const answer = (line: string) => void socket.write(`${line}\r\n`);
    answer('220 test');
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end === -1) return;
        const line = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) received.push({ to, data: line });
        else if (/^rcpt to:/iu.test(line)) to.push(line.slice('rcpt to:'.length).trim());
        else if (/^mail from:/iu.test(line)) to = [];
        isData = !isData && /^data$/iu.test(line);
        answer(isData ? '354 go on' : '250 ok');
      }
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = AddressInfo.parse(server.address());
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `smtp://127.0.0.1:${port}`, received, [Symbol.asyncDispose]: close };
}

const AddressInfo = z.object({ port: z.int() });

test('a mail goes to its one address alone, can be ended with one click where it may be, and is the same for each try', async () => {
  await using server = await startMailServer();
  using sender = createSmtpSender({ url: server.url, from: 'VibeTribe <news@vibetribe.example>' });
  const unsubscribeUrl = 'https://vibetribe.example/unsubscribe?token=t';
  const mail = { ...content, unsubscribeUrl };
  for (let tries = 0; tries < 2; tries += 1)
    expect(await sender.send({ id: 'mail_1', recipient: 'ada@example.com', content: mail })).toEqual({ kind: 'sent' });
  await sender.send({ id: 'mail_2', recipient: 'bob@example.com', content });
  await sender.send({ id: 'mail_3', recipient: 'eve@example.com, mallory@example.com', content });
  const [first, second, other, ...rest] = server.received;
  expect([first?.to, second?.to, other?.to]).toEqual([
    ['<ada@example.com>'],
    ['<ada@example.com>'],
    ['<bob@example.com>'],
  ]);
  for (const { data } of [first, second].filter((each) => each !== undefined)) {
    expect(data).toContain('Message-ID: <mail_1@vibetribe.example>');
    expect(data).toContain(`List-Unsubscribe: <${unsubscribeUrl}>`);
    expect(data).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  }
  expect(other?.data).not.toMatch(/list-unsubscribe/iu);
  expect(rest.flatMap(({ to }) => to)).not.toContain('<mallory@example.com>');
});
