import { randomUUID } from 'node:crypto';
import type { CreatedInvitation } from '@vibetribe/contracts/member';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { invitationsPerOrganization } from '../../http/mail-limit.ts';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';
import { sendMails, startTestMailServer, type TestMailServer, tokenIn } from '../../test-mail.ts';

const opened = new AsyncDisposableStack();
let api: TestApi;
let mail: TestMailServer;
let logged = '';
beforeAll(async () => {
  mail = opened.use(await startTestMailServer());
  api = opened.use(
    await startTestApi(inject('postgresUrl'), { env: { SMTP_URL: mail.smtpUrl, LOGIN_RATE_LIMIT: '100' } }),
  );
  opened.use(await sendMails(api, mail.smtpUrl, (line) => void (logged += line)));
});
afterAll(() => opened.disposeAsync());

const newEmail = () => `user-${randomUUID()}@example.com`;
const form = (path: string, fields: Record<string, string>) =>
  api.call('POST', path, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });

async function invite(token: string, email = newEmail()): Promise<CreatedInvitation> {
  const { status, json, text } = await api.call('POST', '/api/v1/invitations', {
    token,
    body: { email, role: 'editor' },
  });
  expect(status, text).toBe(201);
  return json as unknown as CreatedInvitation;
}

test('an invitation arrives as text and HTML, and its link opens a page where a newcomer joins, once', async () => {
  const owner = await api.register();
  const { email, token, acceptUrl } = await invite(owner.accessToken);
  const received = await mail.mailTo(email, /invited to Engines/);
  expect(received.text).toContain(acceptUrl);
  expect(received.html).toContain(`href="${acceptUrl}"`);
  expect(received.headers).toMatchObject({ 'auto-submitted': 'auto-generated', to: email });
  expect(tokenIn(received)).toBe(token);
  const [stored] = await api.sql<{ row: string }>('select m::text as row from mails m where recipient = $1', [email]);
  expect(stored?.row).toMatch(/sent/);
  expect(stored?.row).not.toContain(token);

  const path = acceptUrl.replace(api.replicas[0]?.url ?? '', '');
  const page = await api.call('GET', path);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.text).toMatch(/Join Engines[^]*name="name"[^]*name="password"/);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*form-action 'self'/);
  expect((await form('/invitations/accept', { token, name: ' ', password: testPassword })).status).toBe(422);
  const joined = await form('/invitations/accept', { token, name: '<b>Grace</b>', password: testPassword });
  expect(joined.status, joined.text).toBe(200);
  expect(joined.text).toContain('You belong to Engines now');
  expect((await form('/invitations/accept', { token, name: 'Grace', password: testPassword })).status).toBe(404);
  const signedIn = await api.call('POST', '/api/v1/auth/login', { body: { email, password: testPassword } });
  expect(signedIn.json).toMatchObject({ organization: owner.organization, user: { name: '<b>Grace</b>' } });
});

test('a mail stands or falls with what caused it, and is sealed until it is sent', async () => {
  const owner = await api.register();
  const blocked = await api.transaction();
  await blocked.sql('lock table mails in share row exclusive mode');
  const email = newEmail();
  const asked = invite(owner.accessToken, email);
  await waitFor(
    async () => {
      const [waiting] = await api.sql<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into "mails"%'`,
      );
      return waiting?.count === 1;
    },
    { describe: 'the invitation waits for its mail' },
  );
  expect(await api.sql('select 1 from invitations where email = $1', [email])).toEqual([]);
  await blocked[Symbol.asyncDispose]();
  const { token } = await asked;
  const rows = await api.sql<{ sealed: string }>('select sealed from mails where recipient = $1', [email]);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.sealed).not.toContain(token);
  await mail.mailTo(email, /invited/);
});

test('a server that is busy is asked again; of a mail that it refuses the organization is told, and no secret is logged', async () => {
  const owner = await api.register();
  await mail.answer({ status: 451, times: 1 });
  const late = await invite(owner.accessToken);
  const tried = () =>
    api.sql<{ status: string; attempts: number; error: string; sealed: boolean }>(
      `select status, attempts, last_error as error, sealed <> '' as sealed from mails where recipient = $1`,
      [late.email],
    );
  await waitFor(async () => Boolean((await tried())[0]?.error), { describe: 'a first try' });
  expect(await tried()).toMatchObject([{ status: 'pending', attempts: 1, error: 'the mail server answered 451' }]);
  await api.sql('update mails set next_attempt_at = now() where recipient = $1', [late.email]);
  await mail.mailTo(late.email, /invited/);

  await mail.answer({ status: 550, times: 1 });
  const refused = await invite(owner.accessToken);
  const told = await waitFor(
    async () => {
      const { json } = await api.call('GET', '/api/v1/notifications', { token: owner.accessToken });
      return (json['items'] as { kind: string; body: string }[]).find(({ kind }) => kind === 'mail_failed');
    },
    { describe: 'a notification' },
  );
  expect(told?.body).toMatch(/answered 550.*Make a new invitation/);
  const [row] = await api.sql<{ status: string; sealed: string }>(
    'select status, sealed from mails where recipient = $1',
    [refused.email],
  );
  expect(row).toEqual({ status: 'failed', sealed: '' });
  expect(logged).toContain('a mail was given up');
  for (const secret of [late.token, refused.token, late.email, refused.email])
    expect(logged + api.logged()).not.toContain(secret);
});

test('one that was too late to be of use, or was tried often enough, is given up', async () => {
  const owner = await api.register();
  const isSo = (email: string, where: string) =>
    waitFor(
      async () => (await api.sql(`select 1 from mails where recipient = $1 and ${where}`, [email])).length === 1,
      {
        describe: where,
      },
    );
  await mail.answer({ status: 451 });
  const { email } = await invite(owner.accessToken);
  await isSo(email, `attempts = 1 and lease_until is null and sealed like 'enc:v1:%'`);
  await api.sql('update mails set attempts = 7, next_attempt_at = now() where recipient = $1', [email]);
  await isSo(email, `status = 'failed' and attempts = 8`);
  const expired = await invite(owner.accessToken);
  await isSo(expired.email, 'attempts = 1 and lease_until is null');
  await mail.answer({ status: 250 });
  await api.sql(`update mails set expires_at = now(), next_attempt_at = now() where recipient = $1`, [expired.email]);
  await isSo(expired.email, `status = 'failed' and attempts = 2`);
  expect(await mail.mailsTo(expired.email)).toEqual([]);
});

test('neither a stranger nor the service is flooded with invitations', async () => {
  const [one, other] = [await api.register(), await api.register()];
  const email = newEmail();
  const ask = async (token: string, to = newEmail()) =>
    (await api.call('POST', '/api/v1/invitations', { token, body: { email: to, role: 'viewer' } })).status;
  const asked = [];
  for (const { accessToken } of [one, other, one, other]) asked.push(await ask(accessToken, email));
  expect(asked).toEqual([201, 201, 201, 429]);
  const left = Array.from({ length: invitationsPerOrganization - 2 }, () => ask(one.accessToken));
  expect(new Set(await Promise.all(left))).toEqual(new Set([201]));
  expect([await ask(one.accessToken), await ask(other.accessToken)]).toEqual([429, 201]);
});
