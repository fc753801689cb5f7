import { randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startTestApi, testPassword } from './test-api.ts';

test('what an answer or a request tells once is in no table and in no line of the log', async () => {
  const api = await startTestApi(inject('postgresUrl'));
  onTestFinished(() => api[Symbol.asyncDispose]());
  const user = await api.register();
  const secrets = new Map([
    ['password', testPassword],
    ['access token', user.accessToken],
    ['refresh token', user.refreshToken],
  ]);
  const keep = (name: string, secret: unknown) => {
    expect(String(secret), name).toMatch(/^\S{6,}$/);
    secrets.set(name, String(secret));
  };
  const call = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = method === 'POST' ? { 'idempotency-key': randomUUID() } : {};
    const answer = await api.call(method, `/api/v1${path}`, {
      token: user.accessToken,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
    return answer;
  };

  keep('API key', (await call('POST', '/api-keys', { name: 'k', scopes: ['read'] })).json['key']);
  const webhookUrl = 'https://hooks.example.org/vibetribe';
  const webhook = await call('POST', '/webhooks', { url: webhookUrl, events: ['publication.*'] });
  keep('webhook secret', webhook.json['secret']);
  const rotated = await call('POST', `/webhooks/${String(webhook.json['id'])}/rotate`);
  keep('new webhook secret', rotated.json['secret']);
  const invitation = await call('POST', '/invitations', { email: 'grace@example.org', role: 'viewer' });
  keep('invitation', invitation.json['token']);
  keep('ticket', (await call('POST', '/auth/ws-ticket')).json['ticket']);
  await call('PUT', '/notification-preferences', { events: {}, webhookUrl: 'https://hooks.example.org/planted-path' });
  keep('notification webhook', 'planted-path');
  const enrolment = await call('POST', '/auth/totp');
  keep('second factor', enrolment.json['secret']);
  const totp = new TOTP({ secret: Secret.fromBase32(String(enrolment.json['secret'])) });
  const confirmed = await call('POST', '/auth/totp/confirm', { code: totp.generate() });
  for (const code of confirmed.json['recoveryCodes'] as string[]) keep(`recovery code ${code}`, code);
  const [recoveryCode] = confirmed.json['recoveryCodes'] as string[];
  const session = await api.call('POST', '/api/v1/auth/session', {
    body: { email: user.email, password: testPassword, totp: recoveryCode },
  });
  for (const cookie of session.headers.getSetCookie())
    keep(cookie.split('=')[0] ?? '', cookie.split(';')[0]?.split('=').slice(1).join('='));
  const newPassword = 'staple battery horse correct';
  await call('POST', '/auth/password/change', { currentPassword: testPassword, newPassword });
  secrets.set('new password', newPassword);

  const tables = await api.sql<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => api.sql<{ row: string }>(`select t::text as row from ${name} t`)),
  );
  const stored = rows.flatMap((of) => of.map(({ row }) => row)).join('\n');
  expect(stored).toContain('enc:v1:');
  expect(secrets.size).toBeGreaterThan(20);
  for (const [name, secret] of secrets) {
    expect(stored.includes(secret), `${name} is stored`).toBe(false);
    expect(api.logged().includes(secret), `${name} is logged`).toBe(false);
  }
});
