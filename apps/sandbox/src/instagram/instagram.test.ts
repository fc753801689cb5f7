import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { sandbox, ada, files, Id, post, read, later, faultOf, visible, status, jpegOf } from './test-instagram.ts';

const container = async (form: Record<string, string>) =>
  Id.parse((await post(`${ada.account.id}/media`, form)).body).id;
const publish = (creation_id: string) => post(`${ada.account.id}/media_publish`, { creation_id });

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

function movie(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('\0\0\0\x10ftypisom', 'latin1'), Buffer.alloc(bytes - 12, 7)]);
}
