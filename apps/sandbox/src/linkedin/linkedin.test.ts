import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { builtInClient } from '../oauth/built-in-client.ts';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';
import { shownText } from './little-text.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
let acme: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('linkedin', 'ada');
  acme = await sandbox.account('linkedin', 'company/acme');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const versioned = { 'linkedin-version': '202609', 'x-restli-protocol-version': '2.0.0' };
const call = (
  path: string,
  { as = ada, headers = {}, ...request }: { as?: TestAccount; method?: string; json?: unknown; headers?: object } = {},
) =>
  sandbox.send(`/linkedin${path}`, {
    token: as.accessToken,
    ...request,
    headers: { ...versioned, ...(headers as Record<string, string>) },
  });
const post = (commentary: string, more: object = {}, as = ada) =>
  call('/rest/posts', {
    as,
    json: {
      author: as.account.id,
      commentary,
      visibility: 'PUBLIC',
      distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
      lifecycleState: 'PUBLISHED',
      ...more,
    },
  });
const at = (urn: string) => `/rest/posts/${encodeURIComponent(urn)}`;
const finder = { 'x-restli-method': 'FINDER' };
const listed = async (as: TestAccount) =>
  (
    await call(`/rest/posts?q=author&author=${encodeURIComponent(as.account.id)}&sortBy=CREATED`, {
      as,
      headers: finder,
    })
  ).body;
const shown = async (as: TestAccount) =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string(), media: z.array(z.unknown()) })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=linkedin&account=${encodeURIComponent(as.account.id)}`)).body)
    .items;
const later = (advanceMs: number) => sandbox.send('/_sandbox/clock', { method: 'POST', json: { advanceMs } });

test('a post is made with 201 and its URN in a header, read, listed, edited and deleted', async () => {
  const made = await post('Hello \\(world\\) {hashtag|\\#|news}');
  const urn = made.headers.get('x-restli-id') ?? '';
  expect([made.status, made.text]).toEqual([201, '']);
  expect(urn).toMatch(/^urn:li:share:\d{18,20}$/);
  expect((await call(at(urn))).body).toMatchObject({ id: urn, author: ada.account.id, visibility: 'PUBLIC' });
  expect(await listed(ada)).toMatchObject({ elements: [{ id: urn }] });
  expect(await shown(ada)).toMatchObject([{ text: 'Hello (world) #news' }]);
  const json = { patch: { $set: { commentary: 'Edited' } } };
  expect((await call(at(urn), { json, headers: { 'x-restli-method': 'PARTIAL_UPDATE' } })).status).toBe(204);
  expect(await shown(ada)).toMatchObject([{ text: 'Edited' }]);
  for (const _again of [1, 2]) expect((await call(at(urn), { method: 'DELETE' })).status).toBe(204);
  expect((await call(at(urn))).status).toBe(404);
});

test('a reserved sign that is not escaped ends the text without a word', () => {
  expect(shownText('Sale (today) only')).toBe('Sale ');
  expect(shownText('Sale \\(today\\) only, a\\_b \\\\ \\#1')).toBe('Sale (today) only, a_b \\ #1');
  expect(shownText('Hi @[Ada L](urn:li:person:abc), #news')).toBe('Hi Ada L, #news');
});

test('the same post within ten minutes is refused with the URN of the first, also of two at once; later it is taken', async () => {
  const bob = await sandbox.account('linkedin', 'bob');
  const answers = await Promise.all([post('Twice', {}, bob), post('Twice', {}, bob)]);
  expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 422]);
  const urn = answers.find(({ status }) => status === 201)?.headers.get('x-restli-id') ?? '';
  expect(answers.find(({ status }) => status === 422)?.body).toMatchObject({
    message: expect.stringContaining(`Content is a duplicate of ${urn}`),
    errorDetails: { inputErrors: [{ code: 'DUPLICATE_POST' }] },
  });
  await later(10 * 60_000);
  expect((await post('Twice', {}, bob)).status).toBe(201);
});

test.each<[string, object, number, string]>([
  ['no version', { 'linkedin-version': '' }, 426, 'NONEXISTENT_VERSION'],
  ['a version that has ended', { 'linkedin-version': '202511' }, 426, 'NONEXISTENT_VERSION'],
  ['another protocol', { 'x-restli-protocol-version': '1.0.0' }, 400, 'INVALID_HEADER'],
  ['an unknown token', { authorization: 'Bearer nobody' }, 401, 'INVALID_ACCESS_TOKEN'],
  ['no token', { authorization: '' }, 401, 'EMPTY_ACCESS_TOKEN'],
])('%s is refused', async (_what, headers, status, code) => {
  expect(await call(at('urn:li:share:1'), { headers })).toMatchObject({ status, body: { status, code } });
});

test.each<[string, string, object, string]>([
  ['3,001 characters', 'é'.repeat(3_001), {}, 'FIELD_LENGTH_TOO_LONG'],
  ['an unknown field', 'x', { colour: 'red' }, 'INVALID_FIELD'],
  ['nothing', ' ', {}, 'MISSING_FIELD'],
  ['a picture that does not exist', 'x', { content: { media: { id: 'urn:li:image:none' } } }, 'INVALID_IMAGE_ID'],
  [
    'one picture of many',
    'x',
    { content: { multiImage: { images: [{ id: 'urn:li:image:a' }] } } },
    'INVALID_VALUE_FOR_FIELD',
  ],
  ['a card without a title', 'x', { content: { article: { source: 'https://example.com' } } }, 'MISSING_FIELD'],
  ['an author that is none', 'x', { author: 'urn:li:member:1' }, 'INVALID_URN_TYPE'],
])('%s is refused', async (_what, text, more, code) => {
  expect(await post(text, more)).toMatchObject({ status: 400, body: { errorDetails: { inputErrors: [{ code }] } } });
});

test('organizations post for themselves, through whoever runs them and nobody else', async () => {
  expect((await post('From the company', {}, acme)).status).toBe(201);
  expect((await post('Not mine', { author: acme.account.id })).status).toBe(403);
  expect((await post('Close', { visibility: 'CONNECTIONS' }, acme)).status).toBe(400);
  expect((await call('/rest/organizationAcls?q=roleAssignee', { as: acme, headers: finder })).body).toMatchObject({
    elements: [{ role: 'ADMINISTRATOR', state: 'APPROVED', organization: acme.account.id }],
  });
});

describe('files', () => {
  const put = (url: string, file: Buffer, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body: new Uint8Array(file),
    });
  const begin = async (collection: string, more: object = {}) =>
    z.looseObject({ value: z.looseObject({}) }).parse(
      (
        await call(`/rest/${collection}?action=initializeUpload`, {
          json: { initializeUploadRequest: { owner: ada.account.id, ...more } },
        })
      ).body,
    ).value;

  test('a picture is shown once it was uploaded and made ready', async () => {
    const { image, uploadUrl } = z.object({ image: z.string(), uploadUrl: z.url() }).parse(await begin('images'));
    const content = { media: { id: image, altText: 'Grey' } };
    const early = await post('Look', { content });
    expect([early.status, JSON.stringify(early.body)]).toEqual([
      400,
      expect.stringContaining('MEDIA_ASSET_WAITING_UPLOAD'),
    ]);
    expect((await put(uploadUrl, pngOf(9, 5), { authorization: `Bearer ${ada.accessToken}` })).status).toBe(201);
    expect(JSON.stringify((await post('Look', { content })).body)).toContain('MEDIA_ASSET_PROCESSING');
    await later(1_000);
    expect((await call(`/rest/images/${encodeURIComponent(image)}`)).body).toMatchObject({ status: 'AVAILABLE' });
    expect((await post('Look', { content })).status).toBe(201);
    expect((await shown(ada))[0]).toMatchObject({ media: [{ type: 'image', width: 9, height: 5, alt: 'Grey' }] });
  });

  test('a document has a title, and what is none cannot be processed', async () => {
    const authorization = `Bearer ${ada.accessToken}`;
    const upload = async (file: string) => {
      const Begun = z.object({ document: z.string(), uploadUrl: z.url() });
      const { document, uploadUrl } = Begun.parse(await begin('documents'));
      expect((await put(uploadUrl, Buffer.from(file), { authorization })).status).toBe(201);
      await later(1_000);
      return document;
    };
    const id = await upload('%PDF-1.7\n');
    const untitled = await post('Slides', { content: { media: { id } } });
    expect([untitled.status, JSON.stringify(untitled.body)]).toEqual([400, expect.stringContaining('MISSING_FIELD')]);
    expect((await post('Slides', { content: { media: { id, title: 'Slides' } } })).status).toBe(201);
    expect((await shown(ada))[0]).toMatchObject({ media: [{ type: 'document', bytes: 9 }] });
    const none = await post('No slides', { content: { media: { id: await upload('<html>'), title: 'None' } } });
    expect(JSON.stringify(none.body)).toContain('MEDIA_ASSET_PROCESSING_FAILED');
  });

  test('a film comes in parts without a token, each with a receipt, and is whole in the end', async () => {
    const file = Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), Buffer.alloc(9_000_000, 7)]);
    const begun = z
      .object({
        video: z.string(),
        uploadInstructions: z.array(z.object({ uploadUrl: z.url(), firstByte: z.number(), lastByte: z.number() })),
      })
      .parse(await begin('videos', { fileSizeBytes: file.length }));
    expect(begun.uploadInstructions).toHaveLength(3);
    const receipts: string[] = [];
    for (const { uploadUrl, firstByte, lastByte } of begun.uploadInstructions) {
      const part = file.subarray(firstByte, lastByte + 1);
      expect((await put(uploadUrl, part, { authorization: 'Bearer x' })).status).toBe(400);
      expect((await put(uploadUrl, part.subarray(1))).status).toBe(400);
      receipts.push((await put(uploadUrl, part)).headers.get('etag') ?? '');
    }
    const finish = (uploadedPartIds: readonly string[]) =>
      call('/rest/videos?action=finalizeUpload', {
        json: { finalizeUploadRequest: { video: begun.video, uploadToken: '', uploadedPartIds } },
      });
    expect((await finish(receipts.toReversed())).status).toBe(400);
    expect((await finish(receipts)).status).toBe(200);
    await later(1_000);
    const made = await post('Film', { content: { media: { id: begun.video, title: 'Film' } } });
    expect(made.headers.get('x-restli-id')).toMatch(/^urn:li:ugcPost:/);
    expect((await shown(ada))[0]).toMatchObject({ media: [{ type: 'video', bytes: file.length }] });
  });
});

test('a comment stands below the post, newest first', async () => {
  const urn = (await post('To be commented on')).headers.get('x-restli-id') ?? '';
  const path = `/rest/socialActions/${encodeURIComponent(urn)}/comments`;
  const json = { actor: ada.account.id, object: urn, message: { text: 'First!' } };
  const made = await call(path, { json });
  expect(made).toMatchObject({ status: 201, body: { actor: ada.account.id, message: { text: 'First!' } } });
  await call(path, { json: { ...json, message: { text: 'Second' } } });
  expect((await call(path)).body).toMatchObject({
    elements: [{ message: { text: 'Second' } }, { message: { text: 'First!' } }],
  });
});

describe('consent', () => {
  const redirectUri = 'http://127.0.0.1:9/callback';
  const authorize = (scope: string, approve: string) =>
    sandbox.send(
      `/linkedin/oauth/v2/authorization?${new URLSearchParams({
        response_type: 'code',
        client_id: builtInClient.id,
        redirect_uri: redirectUri,
        state: 's',
        scope,
        sandbox_approve: approve,
      }).toString()}`,
    );
  const codeOf = (answer: Awaited<ReturnType<typeof authorize>>) =>
    new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const token = (form: Record<string, string>) =>
    sandbox.send('/linkedin/oauth/v2/accessToken', {
      form: { client_id: builtInClient.id, client_secret: builtInClient.secret, redirect_uri: redirectUri, ...form },
    });
  const exchange = (code: string) => token({ grant_type: 'authorization_code', code });

  test('a person gets a token for 60 days and no way to renew it; a code works once', async () => {
    const code = codeOf(await authorize('openid profile w_member_social', 'eve'));
    const issued = await exchange(code);
    expect(issued.body).toMatchObject({ expires_in: 5_184_000, scope: 'openid,profile,w_member_social' });
    expect(issued.body).not.toHaveProperty('refresh_token');
    expect(await exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const { access_token: accessToken } = z.object({ access_token: z.string() }).parse(issued.body);
    expect((await sandbox.send('/linkedin/v2/userinfo', { token: accessToken })).body).toMatchObject({ name: 'eve' });
  });

  test('whoever may act for organizations gets a refresh token whose end does not move', async () => {
    const scope = 'r_basicprofile rw_organization_admin w_organization_social';
    const issued = await exchange(codeOf(await authorize(scope, 'eve,company/globex')));
    const { refresh_token: refreshToken } = z.object({ refresh_token: z.string() }).parse(issued.body);
    await later(61 * 86_400_000);
    const renewed = await token({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(renewed.body).toMatchObject({ refresh_token: refreshToken });
    expect((renewed.body as { refresh_token_expires_in: number }).refresh_token_expires_in).toBeLessThan(305 * 86_400);
    await later(305 * 86_400_000);
    expect((await token({ grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(400);
  });

  test('a scope that the application does not have ends the consent', async () => {
    const { headers } = await authorize('r_everything', 'eve');
    expect(headers.get('location')).toContain('error=unauthorized_scope_error');
  });
});

test('150 posts of a member in a day are allowed, and no header says when there are more', async () => {
  await using scaled = await startTestSandbox();
  await scaled.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'linkedin', scale: 1 / 75 } });
  const { account, accessToken: token } = await scaled.account('linkedin', 'busy');
  const json = (commentary: string) => ({
    author: account.id,
    commentary,
    visibility: 'PUBLIC',
    distribution: { feedDistribution: 'MAIN_FEED' },
    lifecycleState: 'PUBLISHED',
  });
  const send = (text: string) => scaled.send('/linkedin/rest/posts', { token, headers: versioned, json: json(text) });
  expect([(await send('one')).status, (await send('two')).status]).toEqual([201, 201]);
  const refused = await send('three');
  expect(refused).toMatchObject({ status: 429, body: { code: 'TOO_MANY_REQUESTS' } });
  expect(refused.headers.get('retry-after')).toBeNull();
});
