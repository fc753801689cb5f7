import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
const film = Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), Buffer.alloc(5_000)]);
const served: Record<string, { type: string; content: Buffer }> = {
  '/wide.png': { type: 'image/png', content: pngOf(400, 300) },
  '/tall.png': { type: 'image/png', content: pngOf(401, 300) },
  '/small.png': { type: 'image/png', content: pngOf(100, 100) },
  '/film.mp4': { type: 'video/mp4', content: film },
  '/words.mp4': { type: 'video/mp4', content: Buffer.from('no film') },
};
const files = createServer((request, response) => {
  const file = served[request.url ?? ''];
  if (file === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': file.type }).end(file.content);
});
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('threads', 'ada');
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  files.close();
  await sandbox[Symbol.asyncDispose]();
});

const fileUrl = (path: string) => `http://127.0.0.1:${(files.address() as AddressInfo).port}${path}`;
const Id = z.looseObject({ id: z.string() });
const v = (path: string) => `/threads/v1.0/${path}`;
const post = (path: string, form: Record<string, string>, token = ada.accessToken) =>
  sandbox.send(v(path), { token, form });
const read = async (path: string, token = ada.accessToken) => (await sandbox.send(v(path), { token })).body;
const later = (ms: number) => sandbox.send('/_sandbox/clock', { json: { advanceMs: ms } });
const faultOf = (body: unknown) => {
  const { error } = z
    .object({ error: z.looseObject({ code: z.int(), error_subcode: z.int().optional() }) })
    .parse(body);
  return [error.code, error.error_subcode].join('/');
};
const visible = async () =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string(), replyTo: z.string().nullable() })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=threads&account=${ada.account.id}`)).body).items;
const make = (form: Record<string, string>) => post(`${ada.account.id}/threads`, form);
const container = async (form: Record<string, string>) => Id.parse((await make(form)).body).id;
const publish = (creation_id: string) => post(`${ada.account.id}/threads_publish`, { creation_id });
const publishedAs = async (form: Record<string, string>) => {
  const id = await container(form);
  await later(3_000);
  return Id.parse((await publish(id)).body).id;
};

test('a text is prepared in a container and published from it once; too early and too often are told alike', async () => {
  const id = await container({ media_type: 'TEXT', text: 'Hello', topic_tag: 'greetings' });
  expect(await read(`${id}?fields=id,status`)).toEqual({ id, status: 'IN_PROGRESS' });
  expect(faultOf((await publish(id)).body)).toBe('24/4279009');
  await later(1_000);
  const published = Id.parse((await publish(id)).body);
  expect(await read(`${id}?fields=id,status`)).toEqual({ id, status: 'PUBLISHED' });
  expect(faultOf((await publish(id)).body)).toBe('24/4279009');
  expect((await visible())[0]).toMatchObject({ id: published.id, text: 'Hello', replyTo: null });
  expect(await read(`${published.id}?fields=permalink,topic_tag,is_reply`)).toMatchObject({
    topic_tag: 'greetings',
    is_reply: false,
  });
  expect(faultOf(await read(`${published.id}?fields=status`))).toBe('100/');
});

test('a container that is a day old has expired', async () => {
  const id = await container({ media_type: 'TEXT', text: 'Too late' });
  await later(24 * 3_600_000);
  expect(await read(`${id}?fields=status`)).toMatchObject({ status: 'EXPIRED' });
  expect(faultOf((await publish(id)).body)).toBe('24/4279009');
});

test('an answer names its parent, and stands among the answers', async () => {
  const root = await publishedAs({ media_type: 'TEXT', text: 'First' });
  const second = await publishedAs({ media_type: 'TEXT', text: 'Second', reply_to_id: root });
  const third = await publishedAs({ media_type: 'TEXT', text: 'Third', reply_to_id: second });
  expect((await visible()).slice(0, 3)).toMatchObject([
    { id: third, replyTo: second },
    { id: second, replyTo: root },
    { id: root, replyTo: null },
  ]);
  expect(await read('me/replies?fields=id,replied_to,root_post&limit=1')).toMatchObject({
    data: [{ id: third, replied_to: { id: second }, root_post: { id: root } }],
  });
  const listed = JSON.stringify(await read('me/threads?fields=id'));
  expect(listed).toContain(root);
  expect(listed).not.toContain(third);
  expect(faultOf((await make({ media_type: 'TEXT', text: 'x', reply_to_id: '18000' })).body)).toBe('100/33');
});

test('pictures and a video are fetched; a carousel shows two to twenty in order', async () => {
  const item = (path: string, alt_text: string) =>
    container({ media_type: 'IMAGE', image_url: fileUrl(path), is_carousel_item: 'true', alt_text });
  const clip = await container({ media_type: 'VIDEO', video_url: fileUrl('/film.mp4'), is_carousel_item: 'true' });
  const children = [await item('/wide.png', 'one'), clip, await item('/tall.png', 'three')];
  const parent = (ids: readonly string[]) => make({ media_type: 'CAROUSEL', text: 'Three', children: ids.join(',') });
  expect(faultOf((await parent(children)).body)).toBe('24/4279009');
  await later(3_000);
  expect(faultOf((await parent(children.slice(0, 1))).body)).toBe('100/');
  const { id } = Id.parse((await parent(children)).body);
  await later(1_000);
  expect((await publish(id)).status).toBe(200);
  expect((await visible())[0]).toMatchObject({
    text: 'Three',
    media: [{ alt: 'one', width: 400 }, { type: 'video' }, { alt: 'three', width: 401 }],
  });
  expect(faultOf((await publish(clip)).body)).toBe('24/4279009');
});

test('a video that cannot be used is told by its container, a picture at once', async () => {
  const bad = await container({ media_type: 'VIDEO', video_url: fileUrl('/words.mp4') });
  const gone = await container({ media_type: 'VIDEO', video_url: fileUrl('/nothing.mp4') });
  await later(3_000);
  const told = (id: string) => read(`${id}?fields=status,error_message`);
  expect(await told(bad)).toMatchObject({ status: 'ERROR', error_message: 'FAILED_PROCESSING_VIDEO' });
  expect(await told(gone)).toMatchObject({ status: 'ERROR', error_message: 'FAILED_DOWNLOADING_VIDEO' });
  const image = async (path: string) => faultOf((await make({ media_type: 'IMAGE', image_url: fileUrl(path) })).body);
  expect(await image('/nothing.png')).toBe('1/2207052');
  expect(await image('/small.png')).toBe('36003/2207009');
});

test('texts are counted as documented, and what can never be published is refused', async () => {
  const statusOf = async (form: Record<string, string>) => (await make({ media_type: 'TEXT', ...form })).status;
  expect(await statusOf({ text: 'é'.repeat(500) })).toBe(200);
  expect(await statusOf({ text: 'é'.repeat(501) })).toBe(400);
  expect(await statusOf({ text: '👍'.repeat(125) })).toBe(200);
  expect(await statusOf({ text: '👍'.repeat(126) })).toBe(400);
  const links = (count: number) => Array.from({ length: count }, (_, n) => `https://example.com/${n}`).join(' ');
  expect(await statusOf({ text: links(5) })).toBe(200);
  expect(await statusOf({ text: links(6) })).toBe(400);
  expect(await statusOf({ text: links(5), link_attachment: 'https://example.com/other' })).toBe(400);
  expect(await statusOf({ text: 'a', reply_control: 'nobody' })).toBe(400);
  expect(await statusOf({ text: '' })).toBe(400);
  expect(faultOf((await make({ media_type: 'TEXT', text: 'a', topic_tag: 'a.b' })).body)).toBe('100/4279071');
  const withLink = { media_type: 'IMAGE', image_url: fileUrl('/wide.png'), link_attachment: 'https://example.com' };
  expect((await make(withLink)).status).toBe(400);
});

test('posts, answers and deletions have limits of their own, which are told and hold', async () => {
  const limit = () =>
    read(
      `${ada.account.id}/threads_publishing_limit?fields=quota_usage,config,reply_quota_usage,reply_config,delete_quota_usage`,
    );
  const before = z
    .object({ data: z.tuple([z.looseObject({ quota_usage: z.int(), reply_quota_usage: z.int() })]) })
    .parse(await limit()).data[0];
  expect(before).toMatchObject({
    config: { quota_total: 250, quota_duration: 86_400 },
    reply_config: { quota_total: 1_000 },
  });
  const root = await publishedAs({ media_type: 'TEXT', text: 'One more' });
  await publishedAs({ media_type: 'TEXT', text: 'And its answer', reply_to_id: root });
  const remove = () => sandbox.send(v(root), { method: 'DELETE', token: ada.accessToken });
  expect((await remove()).body).toEqual({ success: true, deleted_id: root });
  expect(faultOf((await remove()).body)).toBe('100/33');
  expect(await limit()).toMatchObject({
    data: [
      {
        quota_usage: before.quota_usage + 1,
        reply_quota_usage: before.reply_quota_usage + 1,
        delete_quota_usage: 1,
      },
    ],
  });
  const id = await container({ media_type: 'TEXT', text: 'Over' });
  await later(1_000);
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'threads', scale: 0.004 } });
  expect(faultOf((await publish(id)).body)).toBe('613/');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'threads', scale: 1 } });
});

test('a code becomes a token for an hour, that one for 60 days, renewed when it is a day old and alive', async () => {
  const client = { client_id: 'vibetribe-sandbox', client_secret: 'vibetribe-sandbox-secret' };
  const redirect_uri = 'http://127.0.0.1:9/cb';
  const ask = (path: string, query: Record<string, string>) =>
    sandbox.send(`/threads/${path}?${new URLSearchParams(query).toString()}`);
  const Token = z.object({ access_token: z.string(), expires_in: z.int() });
  const scope = 'threads_basic,threads_content_publish';
  const asked = { ...client, redirect_uri, response_type: 'code', scope, state: 's', sandbox_approve: 'Ann.B' };
  const back = new URL((await ask('oauth/authorize', asked)).headers.get('location') ?? '');
  expect([back.searchParams.get('state'), back.hash]).toEqual(['s', '#_']);
  const code = back.searchParams.get('code') ?? '';
  const form = { ...client, grant_type: 'authorization_code', redirect_uri, code };
  const redeem = () => sandbox.send('/threads/oauth/access_token', { form });
  const short = z.object({ access_token: z.string(), user_id: z.string() }).parse((await redeem()).body);
  expect((await redeem()).body).toMatchObject({ error_type: 'OAuthException', code: 400 });
  const exchange = { grant_type: 'th_exchange_token', client_secret: client.client_secret };
  const long = Token.parse((await ask('access_token', { ...exchange, access_token: short.access_token })).body);
  expect(long.expires_in).toBe(5_183_944);
  expect(await read('me?fields=id,username', long.access_token)).toEqual({ id: short.user_id, username: 'ann.b' });

  const renew = (value: string) => ask('refresh_access_token', { grant_type: 'th_refresh_token', access_token: value });
  expect(faultOf((await renew(long.access_token)).body)).toBe('10/');
  await later(24 * 3_600_000);
  const renewed = Token.parse((await renew(long.access_token)).body);
  await later(60 * 24 * 3_600_000);
  expect(faultOf((await renew(renewed.access_token)).body)).toBe('190/463');
});
