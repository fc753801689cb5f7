import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const client = { client_id: 'vibetribe-sandbox', client_secret: 'vibetribe-sandbox-secret' };
const redirect_uri = 'http://127.0.0.1:9/callback';
const Token = z.object({ access_token: z.string(), expires_in: z.int().optional() });
const Pages = z.object({ data: z.array(z.looseObject({ id: z.string(), access_token: z.string() })) });
const token = (form: Record<string, string>) =>
  sandbox.send('/graph/v25.0/oauth/access_token', { form: { ...client, ...form } });
const error = (body: unknown) => z.object({ error: z.looseObject({ code: z.int() }) }).parse(body).error;

async function consent(handles: string, scope = 'pages_show_list,pages_manage_posts,pages_read_engagement') {
  const query = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri,
    state: 's',
    scope,
    sandbox_approve: handles,
  });
  const answer = await sandbox.send(`/graph/v25.0/dialog/oauth?${query.toString()}`);
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
}
const person = async (handles: string, scope?: string) =>
  Token.parse((await token({ code: await consent(handles, scope), redirect_uri })).body);
const pagesOf = async (value: string) =>
  Pages.parse((await sandbox.send('/graph/v25.0/me/accounts?fields=id,name,access_token,tasks', { token: value })).body)
    .data;

test('a code is good once, at the address it was made for', async () => {
  const code = await consent('one');
  expect(error((await token({ code, redirect_uri: 'http://127.0.0.1:9/other' })).body)).toMatchObject({
    error_subcode: 36_008,
  });
  const second = await consent('one');
  expect((await token({ code: second, redirect_uri })).status).toBe(200);
  expect(error((await token({ code: second, redirect_uri })).body)).toMatchObject({ code: 100, error_subcode: 36_009 });
});

test('a consent opens the pages that were chosen, each with a token of its own that does not end', async () => {
  const { access_token: short, expires_in: seconds = 0 } = await person('shop,cafe');
  expect(seconds).toBeLessThan(7_200);
  const long = Token.parse((await token({ grant_type: 'fb_exchange_token', fb_exchange_token: short })).body);
  expect(long.expires_in).toBe(5_183_944);
  const pages = await pagesOf(long.access_token);
  expect(pages.map(({ name }) => name)).toEqual(['shop', 'cafe']);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 100 * 86_400_000 } });
  for (const { id, access_token: own } of pages) {
    expect(
      (await sandbox.send(`/graph/v25.0/${id}/feed`, { token: own, form: { message: 'Still here' } })).status,
    ).toBe(200);
  }
  expect(error((await sandbox.send('/graph/v25.0/me', { token: long.access_token })).body)).toMatchObject({
    code: 190,
    error_subcode: 463,
  });
});

test('a person who takes the permission back takes it from every page', async () => {
  const { access_token: value } = await person('left,right');
  const pages = await pagesOf(value);
  expect((await sandbox.send('/graph/v25.0/me/permissions', { method: 'DELETE', token: value })).body).toEqual({
    success: true,
  });
  for (const own of [value, ...pages.map((page) => page.access_token)]) {
    expect(error((await sandbox.send('/graph/v25.0/me', { token: own })).body)).toMatchObject({
      code: 190,
      error_subcode: 458,
    });
  }
});

test('a page whose token was ended gets a new one; one that was taken back ends its person’s too', async () => {
  const { access_token: value } = await person('ended');
  const [page] = await pagesOf(value);
  await sandbox.send('/_sandbox/tokens/expire', { json: { platform: 'facebook', account: 'ended' } });
  expect(error((await sandbox.send('/graph/v25.0/me', { token: page?.access_token ?? '' })).body)).toMatchObject({
    error_subcode: 463,
  });
  const [fresh] = await pagesOf(value);
  expect(fresh?.access_token).not.toBe(page?.access_token);
  expect((await sandbox.send('/graph/v25.0/me', { token: fresh?.access_token ?? '' })).status).toBe(200);
  await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'facebook', account: 'ended' } });
  expect(error((await sandbox.send('/graph/v25.0/me', { token: value })).body)).toMatchObject({ error_subcode: 458 });
});

test('who did not allow it lists no pages, and a token tells what it is good for', async () => {
  const { access_token: value } = await person('quiet', 'pages_manage_posts');
  expect((await sandbox.send('/graph/v25.0/me/accounts', { token: value })).status).toBe(403);
  const debug = await sandbox.send(
    `/graph/v25.0/debug_token?${new URLSearchParams({ input_token: value, access_token: Object.values(client).join('|') }).toString()}`,
  );
  expect(debug.body).toMatchObject({ data: { is_valid: true, type: 'USER', scopes: ['pages_manage_posts'] } });
});
