import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let shop: TestAccount;
let parent: string;
const served: Record<string, Buffer> = {
  '/wide.png': pngOf(400, 300),
  '/small.png': pngOf(100, 300),
  '/words.png': Buffer.from('no picture'),
};
const files = createServer((request, response) => {
  const file = served[request.url ?? ''];
  if (file === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'image/png' }).end(file);
});
beforeAll(async () => {
  sandbox = await startTestSandbox();
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  shop = await sandbox.account('google-business', 'Bakery');
  parent = await parentOf(shop);
});
afterAll(async () => {
  files.close();
  await sandbox[Symbol.asyncDispose]();
});

const at = (path: string) => `/google-business${path}`;
const photoOf = (path: string) => ({
  mediaFormat: 'PHOTO',
  sourceUrl: `http://127.0.0.1:${(files.address() as AddressInfo).port}${path}`,
});
async function parentOf({ account, accessToken: token }: TestAccount): Promise<string> {
  const { body } = await sandbox.send(at('/v1/accounts'), { token });
  const [owner] = z.object({ accounts: z.array(z.object({ name: z.string() })) }).parse(body).accounts;
  return `${owner?.name}/locations/${account.id}`;
}
const create = (json: object, { accessToken: token } = shop, place = parent) =>
  sandbox.send(at(`/v4/${place}/localPosts`), { token, json });
const named = async (json: object) => z.object({ name: z.string() }).parse((await create(json)).body).name;
const read = async (name: string) => (await sandbox.send(at(`/v4/${name}`), { token: shop.accessToken })).body;
const later = (advanceMs: number) => sandbox.send('/_sandbox/clock', { json: { advanceMs } });
const visible = async () =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string() })), commits: z.int() })
    .parse((await sandbox.send(`/_sandbox/posts?platform=google-business&account=${shop.account.id}`)).body);
const faultOf = (body: unknown) => {
  const { error } = z.object({ error: z.looseObject({ details: z.array(z.looseObject({})).default([]) }) }).parse(body);
  const [detail] = error.details;
  const Told = z.object({ errorDetails: z.array(z.object({ field: z.string() })) });
  return Told.safeParse(detail).data?.errorDetails[0]?.field ?? detail?.['reason'];
};

const day = { year: 2026, month: 12, day: 24 };
const event = { title: 'Bread day', schedule: { startDate: day, endDate: day } };

test('a post is looked at, then live; it is listed, edited and removed', async () => {
  const name = await named({ topicType: 'STANDARD', summary: 'Fresh bread', media: [photoOf('/wide.png')] });
  expect(await read(name)).toMatchObject({ name, state: 'PROCESSING' });
  await later(2_000);
  expect(await read(name)).toMatchObject({ state: 'LIVE', searchUrl: expect.stringContaining('http') });
  expect((await visible()).items[0]).toMatchObject({ id: name, text: 'Fresh bread', media: [{ width: 400 }] });

  const token = shop.accessToken;
  const patched = { method: 'PATCH', token, json: { summary: 'Warm bread' } };
  await sandbox.send(at(`/v4/${name}?updateMask=summary`), patched);
  expect((await visible()).items[0]).toMatchObject({ text: 'Warm bread' });
  const { body } = await sandbox.send(at(`/v4/${parent}/localPosts?pageSize=1`), { token });
  expect(body).toMatchObject({ localPosts: [{ name, summary: 'Warm bread' }] });
  for (const status of [200, 404])
    expect((await sandbox.send(at(`/v4/${name}`), { method: 'DELETE', token })).status).toBe(status);
});

test('a telephone number in the text is rejected after the fact, and never seen', async () => {
  const before = (await visible()).commits;
  const name = await named({ topicType: 'STANDARD', summary: 'Call +49 30 1234567' });
  await later(2_000);
  expect(await read(name)).toMatchObject({ state: 'REJECTED' });
  expect((await visible()).commits).toBe(before);
});

describe('refused is', () => {
  test.each([
    ['a post of no kind', { summary: 'x' }, 'topic_type'],
    ['1,501 characters', { topicType: 'STANDARD', summary: 'x'.repeat(1_501) }, 'summary'],
    ['nothing at all', { topicType: 'STANDARD' }, 'summary'],
    ['an event without its time', { topicType: 'EVENT', summary: 'x' }, 'event'],
    ['a long title', { topicType: 'EVENT', event: { ...event, title: 'x'.repeat(59) } }, 'event.title'],
    [
      'a button without an address',
      { topicType: 'STANDARD', summary: 'x', callToAction: { actionType: 'BOOK' } },
      'call_to_action.url',
    ],
    ['a photo that is not there', { topicType: 'STANDARD', media: [nowhere('/none.png')] }, 'PHOTO_FETCH_FAILED'],
  ])('%s', async (_what, json, fault) => {
    const reply = await create(json);
    expect([reply.status, faultOf(reply.body)]).toEqual([400, fault]);
  });

  test('a photo that is none, or too small', async () => {
    const of = async (path: string) => faultOf((await create({ topicType: 'STANDARD', media: [photoOf(path)] })).body);
    expect([await of('/words.png'), await of('/small.png')]).toEqual(['PHOTO_FETCH_FAILED', 'media.source_url']);
  });

  test('a location that is closed, and one of somebody else', async () => {
    const closed = await sandbox.account('google-business', 'closed-shop');
    const reply = await create({ topicType: 'STANDARD', summary: 'x' }, closed, await parentOf(closed));
    expect(faultOf(reply.body)).toBe('LOCATION_DISABLED_FOR_LOCAL_POST_API');
    expect((await create({ topicType: 'STANDARD', summary: 'x' }, closed)).status).toBe(403);
  });
});

function nowhere(path: string) {
  return { mediaFormat: 'PHOTO', sourceUrl: `http://127.0.0.1:9${path}` };
}
