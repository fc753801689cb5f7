import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('youtube', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const film = Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), Buffer.alloc(600_000, 7)]);
const v3 = (path: string) => `/youtube/youtube/v3/${path}`;
const reasonOf = (body: unknown) =>
  z.object({ error: z.object({ code: z.int(), errors: z.array(z.object({ reason: z.string() })) }) }).parse(body).error
    .errors[0]?.reason;
const later = (advanceMs: number) => sandbox.send('/_sandbox/clock', { json: { advanceMs } });

const begin = (json: object, token = ada.accessToken, bytes = film.length) =>
  sandbox.send('/youtube/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status', {
    token,
    json,
    headers: { 'x-upload-content-length': String(bytes), 'x-upload-content-type': 'video/mp4' },
  });
const metadata = (privacyStatus = 'private', more: object = {}) => ({
  snippet: { title: 'Bread', description: 'How we bake', ...more },
  status: { privacyStatus },
});
async function put(url: string, range: string, body?: Buffer) {
  const headers = { 'content-range': range, authorization: `Bearer ${ada.accessToken}` };
  const answer = await fetch(url, {
    method: 'PUT',
    headers: body === undefined ? headers : { ...headers, 'content-type': 'video/mp4' },
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    range: answer.headers.get('range'),
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}
async function upload(json: object = metadata(), content = film) {
  const { headers } = await begin(json, ada.accessToken, content.length);
  const url = headers.get('location') ?? '';
  const { body } = await put(url, `bytes 0-${content.length - 1}/${content.length}`, content);
  return { url, id: z.object({ id: z.string() }).parse(body).id };
}
const stateOf = async (id: string) =>
  z
    .object({
      items: z.array(z.object({ status: z.looseObject({ uploadStatus: z.string(), privacyStatus: z.string() }) })),
    })
    .parse((await sandbox.send(v3(`videos?part=status&id=${id}`), { token: ada.accessToken })).body).items[0]?.status;
const update = (json: object, token = ada.accessToken) =>
  sandbox.send(v3('videos?part=snippet,status'), { method: 'PUT', token, json });
const visible = async () =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string() })), commits: z.int() })
    .parse((await sandbox.send(`/_sandbox/posts?platform=youtube&account=${ada.account.id}`)).body);

describe('a resumable upload', () => {
  test('keeps what comes in order, tells what it has, and ends in one video however often it is asked', async () => {
    const url = (await begin(metadata())).headers.get('location') ?? '';
    const total = film.length;
    const first = 262_144;
    expect(await put(url, `bytes */${total}`)).toMatchObject({ status: 308, range: null });
    expect(await put(url, `bytes 0-${first - 1}/${total}`, film.subarray(0, first))).toMatchObject({
      status: 308,
      range: `bytes=0-${first - 1}`,
    });
    // What is there already, and what is ahead of it, changes nothing.
    for (const at of [0, 300_000]) {
      const piece = film.subarray(at, at + first);
      expect(await put(url, `bytes ${at}-${at + first - 1}/${total}`, piece)).toMatchObject({
        range: `bytes=0-${first - 1}`,
      });
    }
    expect((await put(url, `bytes ${first}-${first + 999}/${total}`, film.subarray(first, first + 1_000))).status).toBe(
      400,
    );
    const rest = film.subarray(first);
    const done = await put(url, `bytes ${first}-${total - 1}/${total}`, rest);
    expect(done).toMatchObject({
      status: 200,
      body: { status: { uploadStatus: 'uploaded', privacyStatus: 'private' } },
    });
    expect(await put(url, `bytes */${total}`)).toEqual(done);
    await later(8 * 24 * 3_600_000);
    ada = await sandbox.account('youtube', 'ada');
    expect((await put(url, `bytes */${total}`)).status).toBe(404);
  });

  test.each([
    ['no title', { title: '' }, 'invalidTitle'],
    ['101 characters of title', { title: 'a'.repeat(101) }, 'invalidTitle'],
    ['5,002 bytes of description', { description: 'é'.repeat(2_501) }, 'invalidDescription'],
    ['a sign that none may hold', { description: '<b>' }, 'invalidDescription'],
    ['501 characters of tags', { tags: ['a'.repeat(501)] }, 'invalidTags'],
    ['a category that there is not', { categoryId: '99' }, 'invalidCategoryId'],
    ['an unknown field', { surprise: 1 }, 'badRequest'],
  ])('is refused for %s', async (_what, snippet, reason) => {
    const reply = await begin(metadata('private', snippet));
    expect([reply.status, reasonOf(reply.body)]).toEqual([400, reason]);
  });
});

test('a private video is seen by nobody until a request shows it, once', async () => {
  const before = (await visible()).commits;
  const { id } = await upload(metadata('private', { tags: ['mark'] }));
  expect((await visible()).commits).toBe(before);
  await later(2_000);
  expect(await stateOf(id)).toMatchObject({ uploadStatus: 'processed', privacyStatus: 'private' });
  const json = { id, ...metadata('public', { description: 'Shown' }) };
  for (const _ of [1, 2]) expect((await update(json)).status).toBe(200);
  const { items, commits } = await visible();
  expect(commits).toBe(before + 1);
  expect(items[0]).toMatchObject({ id, text: 'Shown', media: [{ type: 'video', bytes: film.length }] });
});

test('what is no film fails while it is worked on', async () => {
  const { id } = await upload(metadata(), Buffer.from('words'));
  await later(2_000);
  expect(await stateOf(id)).toMatchObject({ uploadStatus: 'failed', failureReason: 'invalidFile' });
});

test('videos of an application that nobody has audited stay private', async () => {
  const eve = await sandbox.account('youtube', 'unaudited-eve');
  const begun = await begin(metadata('public'), eve.accessToken);
  const done = await put(begun.headers.get('location') ?? '', `bytes 0-${film.length - 1}/${film.length}`, film);
  const { id } = z.object({ id: z.string() }).parse(done.body);
  const reply = await update({ id, ...metadata('public') }, eve.accessToken);
  expect(reply).toMatchObject({ status: 200, body: { status: { privacyStatus: 'private' } } });
});

test('thumbnail, playlist and comments are kept, and refused where YouTube refuses them', async () => {
  const { id } = await upload(metadata('public'));
  const token = ada.accessToken;
  const thumbnail = (body: Buffer, type: string) =>
    fetch(new URL(`/youtube/upload/youtube/v3/thumbnails/set?videoId=${id}`, sandbox.running.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body: new Uint8Array(body),
    });
  expect((await thumbnail(pngOf(640, 360), 'image/png')).status).toBe(200);
  expect((await thumbnail(Buffer.from('words'), 'image/png')).status).toBe(400);

  const playlist = await sandbox.send(v3('playlists?part=snippet'), { token, json: { snippet: { title: 'Baking' } } });
  const { id: playlistId } = z.object({ id: z.string() }).parse(playlist.body);
  const item = { snippet: { playlistId, resourceId: { kind: 'youtube#video', videoId: id } } };
  expect((await sandbox.send(v3('playlistItems?part=snippet'), { token, json: item })).status).toBe(200);
  const listed = await sandbox.send(v3(`playlistItems?part=id&playlistId=${playlistId}&videoId=${id}`), { token });
  expect(listed.body).toMatchObject({ items: [{}] });
  const nowhere = await sandbox.send(v3('playlistItems?part=id&playlistId=PLnone'), { token });
  expect([nowhere.status, reasonOf(nowhere.body)]).toEqual([404, 'playlistNotFound']);

  const comment = { snippet: { videoId: id, topLevelComment: { snippet: { textOriginal: 'First' } } } };
  expect((await sandbox.send(v3('commentThreads?part=snippet'), { token, json: comment })).status).toBe(200);
  await update({ id, ...metadata('private') });
  const closed = await sandbox.send(v3('commentThreads?part=snippet'), { token, json: comment });
  expect([closed.status, reasonOf(closed.body)]).toEqual([403, 'commentsDisabled']);
});

test('the units of a day end for the whole application', async () => {
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'youtube', scale: 0.0001 } });
  const token = ada.accessToken;
  const replies = [];
  for (const _ of [1, 2, 3]) replies.push(await sandbox.send(v3('channels?part=snippet&mine=true'), { token }));
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'youtube', scale: 1 } });
  expect(replies.at(-1)?.status).toBe(403);
  expect(reasonOf(replies.at(-1)?.body)).toBe('quotaExceeded');
});

test('a grant of several channels opens them all', async () => {
  const query = new URLSearchParams({
    client_id: 'vibetribe-sandbox',
    redirect_uri: 'http://127.0.0.1:9/cb',
    response_type: 'code',
    scope: 'openid https://www.googleapis.com/auth/youtube',
    access_type: 'offline',
    prompt: 'consent',
    sandbox_approve: 'bob,bakery',
  });
  const consent = await sandbox.send(`/youtube/o/oauth2/v2/auth?${query.toString()}`);
  const code = new URL(consent.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: 'http://127.0.0.1:9/cb',
    client_id: 'vibetribe-sandbox',
    client_secret: 'vibetribe-sandbox-secret',
  };
  const issued = await sandbox.send('/youtube/token', { form });
  const { access_token: token, refresh_token: refreshToken } = z
    .object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.literal(3_599), id_token: z.string() })
    .parse(issued.body);
  const { body } = await sandbox.send(v3('channels?part=snippet&mine=true'), { token });
  expect(body).toMatchObject({ items: [{ snippet: { customUrl: '@bob' } }, { snippet: { customUrl: '@bakery' } }] });
  expect((await sandbox.send('/youtube/revoke', { form: { token: refreshToken } })).status).toBe(200);
  expect((await sandbox.send(v3('channels?part=snippet&mine=true'), { token })).status).toBe(401);
});
