import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@vibetribe/contracts/audit';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';
import { sendMails, startTestMailServer, type TestMailServer, tokenIn } from '../../test-mail.ts';

type Registered = Awaited<ReturnType<TestApi['register']>>;

const opened = new AsyncDisposableStack();
let api: TestApi;
let mail: TestMailServer;
let user: Registered;
beforeAll(async () => {
  mail = opened.use(await startTestMailServer());
  const env = { SMTP_URL: mail.smtpUrl, LOGIN_RATE_LIMIT: '25' };
  api = opened.use(await startTestApi(inject('postgresUrl'), { env, replicas: 2 }));
  opened.use(await sendMails(api, mail.smtpUrl));
});
afterAll(() => opened.disposeAsync());
beforeEach(async () => {
  user = await api.register();
});

const newPassword = 'staple battery horse correct';
const newEmail = () => `user-${randomUUID()}@example.com`;
const post = (path: string, body: object, token?: string) =>
  api.call('POST', `/api/v1/auth${path}`, { body, ...(token === undefined ? {} : { token }) });
const logIn = (email: string, password: string) => post('/login', { email, password });
const me = (token: string, replica = 0) => api.call('GET', '/api/v1/auth/me', { token, replica });

async function actions(token: string): Promise<string[]> {
  const { json } = await api.call('GET', '/api/v1/audit', { token });
  return (json['items'] as AuditEntry[]).map(({ action }) => action);
}

describe('a lost password', () => {
  test('the answer and what is written are the same whoever asks; only a user is mailed', async () => {
    const nobody = newEmail();
    const answers = [
      await post('/password/forgot', { email: user.email.toUpperCase() }),
      await post('/password/forgot', { email: nobody }),
    ];
    expect(answers.map(({ status, text }) => ({ status, text }))).toEqual([
      { status: 202, text: '{}' },
      { status: 202, text: '{}' },
    ]);
    await mail.mailTo(user.email, /another password/);
    const written = (email: string) =>
      api.sql(
        `select (select count(*)::int from mails where recipient = $1) as mails, (select count(*)::int from mailed_links where email = $1) as links`,
        [email],
      );
    expect(await written(nobody)).toEqual(await written(user.email));
    // What was written before it was sent as well.
    await post('/password/forgot', { email: nobody });
    await post('/password/forgot', { email: user.email });
    await waitFor(async () => (await mail.mailsTo(user.email)).length === 2, { describe: 'what was asked for' });
    expect(await mail.mailsTo(nobody)).toEqual([]);
  });

  test('the link works once, ends every session and every other link, is told by mail and stands in the audit log', async () => {
    await post('/password/forgot', { email: user.email });
    const token = tokenIn(await mail.mailTo(user.email, /another password/));
    await post('/password/forgot', { email: user.email });
    await waitFor(async () => (await mail.mailsTo(user.email)).length === 2, { describe: 'what was asked for' });
    const other = tokenIn((await mail.mailsTo(user.email)).at(-1) ?? { text: '' });
    expect((await me(user.accessToken, 1)).status).toBe(200);
    expect((await post('/password/reset', { token, newPassword: 'short' })).json['errors']).toMatchObject([
      { path: 'newPassword' },
    ]);
    const tries = await Promise.all([1, 2, 3].map(() => post('/password/reset', { token, newPassword })));
    const done = tries.filter(({ status }) => status === 204);
    expect(done).toHaveLength(1);
    expect(done[0]?.headers.getSetCookie()[0]).toMatch(/^__Host-vibetribe-device=/);
    expect(tries.filter(({ status }) => status === 400)).toHaveLength(2);
    expect((await post('/password/reset', { token: other, newPassword })).json['code']).toBe('link_invalid');
    expect((await me(user.accessToken)).json['code']).toBe('session_revoked');
    await waitFor(async () => (await me(user.accessToken, 1)).status === 401, { describe: 'what was asked for' });
    expect((await post('/refresh', { refreshToken: user.refreshToken })).status).toBe(401);
    expect((await logIn(user.email, testPassword)).status).toBe(401);
    const again = await logIn(user.email, newPassword);
    expect(again.status).toBe(200);
    expect(await actions(String(again.json['accessToken']))).toContain('user.password_changed');
    await mail.mailTo(user.email, /was changed/);
    const stored = await api.sql<{ row: string }>(
      'select l::text as row from mailed_links l union all select m::text from mails m',
    );
    for (const secret of [token, other]) {
      expect(stored.some(({ row }) => row.includes(secret))).toBe(false);
      expect(api.logged()).not.toContain(secret);
    }
  });

  test('the link opens a page, changes nothing by being opened, and ends after an hour', async () => {
    await post('/password/forgot', { email: user.email });
    const token = tokenIn(await mail.mailTo(user.email, /another password/));
    const page = () => api.call('GET', `/password/reset?token=${token}`);
    expect((await page()).text).toMatch(/name="password"/);
    const send = (password: string) =>
      api.call('POST', '/password/reset', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token, password }).toString(),
      });
    expect((await send('short')).status).toBe(422);
    expect((await send(newPassword)).status).toBe(200);
    expect((await logIn(user.email, newPassword)).status).toBe(200);
    expect((await page()).status).toBe(400);
    await post('/password/forgot', { email: user.email });
    await waitFor(
      async () => (await mail.mailsTo(user.email)).filter(({ subject }) => /another/.test(subject)).length === 2,
      { describe: 'what was asked for' },
    );
    await api.sql('update mailed_links set expires_at = now() where email = $1', [user.email]);
    const late = tokenIn(
      (await mail.mailsTo(user.email)).findLast(({ subject }) => /another/.test(subject)) ?? { text: '' },
    );
    expect((await post('/password/reset', { token: late, newPassword })).status).toBe(400);
  });

  test('nobody is flooded with mails, and who asks too often is refused', async () => {
    for (let asked = 0; asked < 6; asked += 1)
      expect((await post('/password/forgot', { email: user.email })).status).toBe(202);
    const [row] = await api.sql<{ count: number }>('select count(*)::int as count from mails where recipient = $1', [
      user.email,
    ]);
    expect(row?.count).toBe(3);
    let last = await post('/password/forgot', { email: newEmail() });
    for (let asked = 0; asked < 25 && last.status === 202; asked += 1)
      last = await post('/password/forgot', { email: newEmail() });
    expect(last.json['code']).toBe('rate_limited');
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

test('a changed password is told by mail and stands in the audit log, without either password', async () => {
  const body = { currentPassword: testPassword, newPassword };
  expect((await post('/password/change', body, user.accessToken)).status).toBe(204);
  await mail.mailTo(user.email, /was changed/);
  const { text } = await api.call('GET', '/api/v1/audit', { token: user.accessToken });
  expect(text).toContain('"user.password_changed"');
  expect(text).not.toMatch(/hash|scrypt|argon/i);
});

describe('another address', () => {
  test('is confirmed by a mail to it, and the old one is told before and after', async () => {
    const to = newEmail();
    const ask = (password: string) => post('/email/change', { newEmail: to, password }, user.accessToken);
    expect((await ask('wrong password')).json['code']).toBe('invalid_credentials');
    expect((await ask(testPassword)).status).toBe(202);
    await mail.mailTo(user.email, /Another address was asked for/);
    const token = tokenIn(await mail.mailTo(to, /Confirm your new address/));
    expect((await me(user.accessToken)).json['user']).toMatchObject({ email: user.email });
    expect((await api.call('GET', `/email/confirm?token=${token}`)).text).toContain('<button>');
    expect((await post('/email/confirm', { token })).status).toBe(204);
    expect((await post('/email/confirm', { token })).status).toBe(400);
    expect((await me(user.accessToken)).json['user']).toMatchObject({ email: to });
    await mail.mailTo(user.email, /was changed/);
    expect((await logIn(user.email, testPassword)).status).toBe(401);
    expect((await logIn(to, testPassword)).status).toBe(200);
    expect(await actions(user.accessToken)).toContain('user.updated');
  });

  test('is asked for by who knows the password alone, however many mails have gone there', async () => {
    const to = newEmail();
    const ask = (password: string) => post('/email/change', { newEmail: to, password }, user.accessToken);
    for (let asked = 0; asked < 4; asked += 1) expect((await ask(testPassword)).status).toBe(202);
    expect((await ask('wrong password')).json['code']).toBe('invalid_credentials');
    const [row] = await api.sql<{ count: number }>('select count(*)::int as count from mails where recipient = $1', [
      to,
    ]);
    expect(row?.count).toBe(3);
  });

  test('that whoever knew the old password asked for is none any more once there is another password', async () => {
    const to = newEmail();
    expect((await post('/email/change', { newEmail: to, password: testPassword }, user.accessToken)).status).toBe(202);
    const token = tokenIn(await mail.mailTo(to, /Confirm/));
    const body = { currentPassword: testPassword, newPassword };
    expect((await post('/password/change', body, user.accessToken)).status).toBe(204);
    expect((await post('/email/confirm', { token })).json['code']).toBe('link_invalid');
    expect((await me(user.accessToken)).json['user']).toMatchObject({ email: user.email });
  });

  test('that somebody else takes in the same moment is refused', async () => {
    const other = await api.register();
    const to = newEmail();
    await post('/email/change', { newEmail: to, password: testPassword }, user.accessToken);
    const token = tokenIn(await mail.mailTo(to, /Confirm/));
    await using taking = await api.transaction();
    await taking.sql('update users set email = $1 where id = $2', [to, other.user.id]);
    const confirming = post('/email/confirm', { token });
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'update users set email'`;
    await waitFor(async () => (await api.sql(waiting)).length === 1, { describe: 'the confirmation to wait' });
    await taking.sql('commit');
    expect((await confirming).json['code']).toBe('email_taken');
  });

  test('that is somebody else’s is answered the same, and nothing is mailed; it may also be taken meanwhile', async () => {
    const other = await api.register();
    const ask = (to: string) => post('/email/change', { newEmail: to, password: testPassword }, user.accessToken);
    expect((await ask(other.email)).status).toBe(202);
    expect(await api.sql('select 1 from mails where recipient = $1', [other.email])).toEqual([]);
    const to = newEmail();
    await ask(to);
    const token = tokenIn(await mail.mailTo(to, /Confirm/));
    await api.sql('update users set email = $1 where id = $2', [to, other.user.id]);
    expect((await post('/email/confirm', { token })).json['code']).toBe('email_taken');
  });
});
