import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

test('the form may end wherever the application sends people on to, which browsers check along the whole way', async () => {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'vibetribe-sandbox',
    redirect_uri: 'http://127.0.0.1:9/callback',
    scope: 'tweet.read',
    state: 's',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  });
  const page = await sandbox.send(`/x/i/oauth2/authorize?${query.toString()}`);
  expect(page.status).toBe(200);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(/form-action ([^;]*)/u.exec(policy)?.[1]?.split(' ')).toEqual(["'self'", 'http:', 'https:']);
});
