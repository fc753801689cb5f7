import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
let files: Awaited<ReturnType<typeof startFiles>>;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  files = await startFiles();
  ada = await sandbox.account('instagram', 'ada');
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await files.close();
});

const client = { client_id: 'vibetribe-sandbox', client_secret: 'vibetribe-sandbox-secret' };
const Id = z.looseObject({ id: z.string() });
const v = (path: string) => `/graph/v25.0/${path}`;
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
const visible = async (account = ada.account.id) =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string(), media: z.array(z.unknown()) })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=instagram&account=${account}`)).body).items;
const container = async (form: Record<string, string>) =>
  Id.parse((await post(`${ada.account.id}/media`, form)).body).id;
const publish = (creation_id: string) => post(`${ada.account.id}/media_publish`, { creation_id });
const status = async (id: string) =>
  z.looseObject({ status_code: z.string() }).parse(await read(`${id}?fields=status_code,status`));

describe('a picture', () => {
  test('is fetched, prepared in a container, and published from it once', async () => {
    const id = await container({
      image_url: files.add('jpg', jpegOf(800, 800)),
      caption: 'Hello #there',
      alt_text: 'A square',
    });
    expect(await status(id)).toMatchObject({ status_code: 'IN_PROGRESS' });
    expect(faultOf((await publish(id)).body)).toBe('9007/2207027');
    await later(1_000);
    expect(await status(id)).toMatchObject({ status_code: 'FINISHED' });
    const published = Id.parse((await publish(id)).body);
    expect(await status(id)).toMatchObject({ status_code: 'PUBLISHED' });
    expect(faultOf((await publish(id)).body)).toBe('9007/2207027');
    expect((await visible())[0]).toMatchObject({
      id: published.id,
      text: 'Hello #there',
      media: [{ alt: 'A square', width: 800 }],
    });
    expect(await read(`${published.id}?fields=permalink,media_product_type,timestamp`)).toMatchObject({
      media_product_type: 'FEED',
    });
    expect(await read(`${ada.account.id}/media?fields=id,caption`)).toMatchObject({
      data: [{ id: published.id, caption: 'Hello #there' }],
    });
  });

  test.each([
    ['is nowhere', () => `${files.origin}/nothing.jpg`, '9004/2207052'],
    ['is no JPEG', () => files.add('png', pngOf(100, 100)), '36001/2207005'],
    ['is too wide', () => files.add('jpg', jpegOf(2_000, 100)), '36003/2207009'],
    [
      'is too large',
      () => files.add('jpg', Buffer.concat([jpegOf(800, 800), Buffer.alloc(8 * 1024 * 1024)])),
      '36000/2207004',
    ],
  ])('that %s is refused when its container is made', async (_what, url, fault) => {
    expect(faultOf((await post(`${ada.account.id}/media`, { image_url: url() })).body)).toBe(fault);
  });

  test('whose container is a day old cannot be published any more', async () => {
    const id = await container({ image_url: files.add('jpg', jpegOf(800, 800)) });
    await later(24 * 3_600_000);
    expect(await status(id)).toMatchObject({ status_code: 'EXPIRED' });
    expect(faultOf((await publish(id)).body)).toBe('-2/2207020');
  });
});

describe('a video', () => {
  test('by address is prepared for a while, and what is wrong with it is told by its container', async () => {
    const good = await container({
      media_type: 'REELS',
      video_url: files.add('mp4', movie(500_000)),
      caption: 'A reel',
    });
    expect(await status(good)).toMatchObject({ status_code: 'IN_PROGRESS' });
    await later(3_000);
    expect((await publish(good)).status).toBe(200);
    expect((await visible())[0]).toMatchObject({ text: 'A reel', media: [{ type: 'video', bytes: 500_000 }] });

    const bad = await container({ media_type: 'REELS', video_url: files.add('mp4', Buffer.from('no film')) });
    await later(3_000);
    expect(await status(bad)).toMatchObject({ status_code: 'ERROR', status: expect.stringContaining('2207026') });
  });

  test('sent as bytes goes to the host for them', async () => {
    const made = z
      .object({ id: z.string(), uri: z.string() })
      .parse(
        (await post(`${ada.account.id}/media`, { media_type: 'REELS', upload_type: 'resumable', caption: 'Bytes' }))
          .body,
      );
    expect(await status(made.id)).toMatchObject({ status_code: 'IN_PROGRESS' });
    const file = movie(7_000_000);
    const headers = {
      authorization: `OAuth ${ada.accessToken}`,
      'content-type': 'application/octet-stream',
      offset: '0',
      file_size: String(file.length),
    };
    expect((await fetch(made.uri, { method: 'POST', body: new Uint8Array(file), headers })).status).toBe(200);
    await later(3_000);
    expect((await publish(made.id)).status).toBe(200);
    expect((await visible())[0]).toMatchObject({ text: 'Bytes', media: [{ bytes: 7_000_000 }] });
  });
});

test('a carousel shows its items in order; it has two to ten of its own', async () => {
  const item = async (n: number) =>
    container({ image_url: files.add('jpg', jpegOf(400 + n, 400)), is_carousel_item: 'true', alt_text: `Item ${n}` });
  const children = [await item(1), await item(2), await item(3)];
  const parent = (ids: readonly string[]) =>
    post(`${ada.account.id}/media`, { media_type: 'CAROUSEL', children: ids.join(','), caption: 'Three' });
  expect(faultOf((await parent(children)).body)).toBe('9007/2207027');
  await later(1_000);
  expect(faultOf((await parent(children.slice(0, 1))).body)).toBe('100/2207028');
  const { id } = Id.parse((await parent(children)).body);
  await later(1_000);
  expect((await publish(id)).status).toBe(200);
  expect((await visible())[0]).toMatchObject({
    text: 'Three',
    media: [{ alt: 'Item 1' }, { alt: 'Item 2' }, { alt: 'Item 3' }],
  });
  expect(faultOf((await publish(children[0] ?? '')).body)).toBe('24/2207006');
});

test('a story is listed among the stories for a day, not among the media', async () => {
  const id = await container({
    media_type: 'STORIES',
    image_url: files.add('jpg', jpegOf(900, 1600)),
    caption: 'is not shown',
  });
  await later(1_000);
  const story = Id.parse((await publish(id)).body);
  expect(await read(`${ada.account.id}/stories?fields=id,caption`)).toEqual({
    data: [{ id: story.id }],
    paging: expect.anything(),
  });
  expect(JSON.stringify(await read(`${ada.account.id}/media?fields=id`))).not.toContain(story.id);
  await later(24 * 3_600_000);
  expect(await read(`${ada.account.id}/stories?fields=id`)).toEqual({ data: [] });
});

test('what can never be published is refused with its code', async () => {
  const image_url = files.add('jpg', jpegOf(800, 800));
  const refused = async (form: Record<string, string>) => faultOf((await post(`${ada.account.id}/media`, form)).body);
  expect(await refused({ image_url, caption: 'é'.repeat(2_201) })).toBe('36004/2207010');
  expect(await refused({ image_url, caption: '#a '.repeat(31) })).toBe('100/2207040');
  expect(await refused({ image_url, media_type: 'POEM' })).toBe('100/2207023');
  expect(await refused({ caption: 'nothing to see' })).toBe('100/');
  expect(await refused({ image_url, user_tags: '[{"name":"x"}]' })).toBe('100/');
});

test('the account’s own limit is told, and holds', async () => {
  const eve = await sandbox.account('instagram', 'eve');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'instagram', scale: 0.01 } });
  const limit = () => read(`${eve.account.id}/content_publishing_limit?fields=quota_usage,config`, eve.accessToken);
  expect(await limit()).toEqual({ data: [{ quota_usage: 0, config: { quota_total: 1, quota_duration: 86_400 } }] });
  const posted = [];
  for (let n = 0; n < 2; n += 1) {
    const { id } = Id.parse(
      (await post(`${eve.account.id}/media`, { image_url: files.add('jpg', jpegOf(700, 700)) }, eve.accessToken)).body,
    );
    await later(1_000);
    posted.push(await post(`${eve.account.id}/media_publish`, { creation_id: id }, eve.accessToken));
  }
  expect(posted.map(({ status: code }) => code)).toEqual([200, 400]);
  expect(faultOf(posted[1]?.body)).toBe('9/2207042');
  expect(await limit()).toMatchObject({ data: [{ quota_usage: 1 }] });
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'instagram', scale: 1 } });
});

describe('tokens', () => {
  const redirect_uri = 'http://127.0.0.1:9/cb';
  const token = (path: string, query: Record<string, string>) =>
    sandbox.send(`/graph/${path}?${new URLSearchParams(query).toString()}`);
  const Token = z.object({ access_token: z.string(), expires_in: z.int() });

  test('come by the login’s own code, exchanged for 60 days, renewed when they are a day old and alive', async () => {
    const scope = 'instagram_business_basic,instagram_business_content_publish';
    const query = {
      client_id: client.client_id,
      redirect_uri,
      response_type: 'code',
      scope,
      state: 's',
      sandbox_approve: 'Ann.B',
    };
    const back = new URL((await token('oauth/authorize', query)).headers.get('location') ?? '');
    expect(back.hash).toBe('#_');
    const form = {
      ...client,
      grant_type: 'authorization_code',
      redirect_uri,
      code: back.searchParams.get('code') ?? '',
    };
    const short = z
      .object({ access_token: z.string(), user_id: z.string() })
      .parse((await sandbox.send('/graph/oauth/access_token', { form })).body);
    expect((await sandbox.send('/graph/oauth/access_token', { form })).body).toMatchObject({
      error_type: 'OAuthException',
      code: 400,
    });
    const exchange = {
      grant_type: 'ig_exchange_token',
      client_secret: client.client_secret,
      access_token: short.access_token,
    };
    const long = Token.parse((await token('access_token', exchange)).body);
    expect(long.expires_in).toBe(5_183_944);
    expect(await read('me?fields=user_id,username', long.access_token)).toMatchObject({
      user_id: short.user_id,
      username: 'ann.b',
    });

    const renew = (value: string) =>
      token('refresh_access_token', { grant_type: 'ig_refresh_token', access_token: value });
    expect(faultOf((await renew(long.access_token)).body)).toBe('10/');
    await later(25 * 3_600_000);
    const renewed = Token.parse((await renew(long.access_token)).body);
    await later(59 * 24 * 3_600_000);
    expect(faultOf((await renew(long.access_token)).body)).toBe('190/463');
    expect((await renew(renewed.access_token)).status).toBe(200);
  });

  test('of a person who runs a page open the account of the same name, with the permission for it', async () => {
    const consent = async (scope: string) => {
      const query = { client_id: client.client_id, redirect_uri, scope, state: 's', sandbox_approve: 'linked' };
      const back = new URL((await token('v25.0/dialog/oauth', query)).headers.get('location') ?? '');
      const form = { ...client, redirect_uri, code: back.searchParams.get('code') ?? '' };
      return Token.parse((await sandbox.send('/graph/v25.0/oauth/access_token', { form })).body).access_token;
    };
    const person = await consent('pages_show_list,pages_read_engagement,instagram_basic,instagram_content_publish');
    const Pages = z.object({
      data: z.array(
        z.object({
          id: z.string(),
          access_token: z.string(),
          instagram_business_account: z.object({ id: z.string(), username: z.string() }),
        }),
      ),
    });
    const { data } = Pages.parse(
      await read('me/accounts?fields=id,access_token,instagram_business_account{id,username}', person),
    );
    const [page] = data;
    expect(page?.instagram_business_account.username).toBe('linked');
    const account = page?.instagram_business_account.id ?? '';
    const made = await post(
      `${account}/media`,
      { image_url: files.add('jpg', jpegOf(640, 640)), caption: 'By the page' },
      page?.access_token,
    );
    await later(1_000);
    const { id } = Id.parse(made.body);
    expect((await post(`${account}/media_publish`, { creation_id: id }, page?.access_token)).status).toBe(200);
    expect(await visible(account)).toMatchObject([{ text: 'By the page' }]);
    const stranger = await consent('pages_show_list,pages_read_engagement');
    expect(faultOf((await post(`${account}/media`, { image_url: 'x' }, stranger)).body)).toBe('100/33');
  });

  test('that were ended or taken back are told apart', async () => {
    const zoe = await sandbox.account('instagram', 'zoe');
    const ask = async () => faultOf(await read(`${zoe.account.id}?fields=username`, zoe.accessToken));
    await sandbox.send('/_sandbox/tokens/expire', { json: { platform: 'instagram', account: 'zoe' } });
    expect(await ask()).toBe('190/463');
    await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'instagram', account: 'zoe' } });
    expect(await ask()).toBe('190/458');
  });
});

function movie(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('\0\0\0\x10ftypisom', 'latin1'), Buffer.alloc(bytes - 12, 7)]);
}

function jpegOf(width: number, height: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  return Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0, 16),
    Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'),
    Buffer.of(0xff, 0xc0, 0, 11, 8),
    size,
    Buffer.of(1, 1, 0x11, 0, 0xff, 0xd9),
  ]);
}

async function startFiles() {
  const known = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const file = known.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    add(ending: string, file: Buffer) {
      const path = `/${known.size}.${ending}`;
      known.set(path, file);
      return `${origin}${path}`;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
