import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMailer } from '@vibetribe/core/mail/deliver-mails';
import { createSmtpSender } from '@vibetribe/core/mail/smtp-sender';
import { quietSignals } from '@vibetribe/core/test-signals';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { createLogger } from '@vibetribe/observability/logger';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { waitFor } from '@vibetribe/testkit/wait-for';
import type { TestApi } from './test-api.ts';

export interface TestMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly to: string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** The sandbox's mail server. */
export interface TestMailServer extends AsyncDisposable {
  readonly smtpUrl: string;
  mailsTo(recipient: string): Promise<TestMail[]>;
  /** Waits for one whose subject has the words. */
  mailTo(recipient: string, subject: RegExp): Promise<TestMail>;
  /** What it answers the next mails with. */
  answer(config: { status: number; times?: number }): Promise<void>;
}

export async function startTestMailServer(): Promise<TestMailServer> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-mail-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const env = { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
  const sandbox = starting.use(await spawnApp({ app: 'sandbox', env }));
  const control = `http://127.0.0.1:${sandbox.port}/_sandbox`;
  const { smtp } = (await (await fetch(`${control}/hosts`)).json()) as { smtp: string };
  const mailsTo = async (recipient: string) => {
    const answer = await fetch(`${control}/mail?to=${encodeURIComponent(recipient)}`);
    return ((await answer.json()) as { items: TestMail[] }).items;
  };
  const running = starting.move();
  return {
    smtpUrl: smtp,
    mailsTo,
    async mailTo(recipient, subject) {
      const found = await waitFor(async () => (await mailsTo(recipient)).find((mail) => subject.test(mail.subject)), {
        describe: `a mail to ${recipient} about ${subject}`,
      });
      if (found === undefined) throw new Error('it was there a moment ago');
      return found;
    },
    async answer(config) {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${control}/mail/config`, { method: 'POST', headers, body: JSON.stringify(config) });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Sends the API's mails, as cron does. */
export async function sendMails(
  api: Pick<TestApi, 'databaseUrl' | 'env'>,
  smtpUrl: string,
  write: (line: string) => void = () => undefined,
): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const db = starting.use(
    connectDatabase({
      databaseUrl: api.databaseUrl,
      poolMax: 5,
      poolMin: 0,
      applicationName: 'test-mail',
      onError: () => undefined,
    }),
  );
  const logger = createLogger({ app: 'cron', level: 'debug', destination: { write } });
  const keyRing = createKeyRing(api.env['ENCRYPTION_KEYS'] ?? '');
  const sender = starting.use(createSmtpSender({ url: smtpUrl, from: 'VibeTribe <no-reply@vibetribe.example>' }));
  starting.use(startMailer({ db, keyRing, logger, signals: quietSignals }, { sender }));
  const running = starting.move();
  return { [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The token of the link in a mail. */
export function tokenIn({ text }: Pick<TestMail, 'text'>): string {
  const found = /[?&]token=([\w-]+)/.exec(text)?.[1];
  if (found === undefined) throw new Error(`no link in: ${text}`);
  return found;
}
