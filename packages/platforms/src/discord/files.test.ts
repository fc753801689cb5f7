import { afterAll, expect, test } from 'vitest';
import { testPicture, testVideo } from '../testing/test-media.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { isNamedAfter } from './files.ts';
import { discord } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('discord');
afterAll(() => client[Symbol.asyncDispose]());

const post = 'POST /api/v10/channels/7/messages';

test('all files go in the one request of the message, described, and named after its nonce', async () => {
  await using server = await startRoutes({
    'GET /api/v10/channels/7': () => ({ json: { id: '7', guild_id: '5' } }),
    [post]: () => ({ json: { id: '11' } }),
  });
  const media = [testPicture('A "view"\r\nwith lines'), testVideo(500, null)];
  const account = { externalId: '7', handle: '#news', service: null };
  const endpoints = testEndpoints({ api: server.origin });
  const one = startPublication({
    adapter: discord,
    endpoints,
    client,
    account,
    accessToken: 'token',
    content: { text: 'Look', options: {}, media },
  });
  await one.publish();

  const sent = server.seen.filter(({ route }) => route === post);
  expect(sent).toHaveLength(1);
  const body = sent[0]?.body ?? '';
  expect(sent[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/u);
  const message = JSON.parse(/name="payload_json"\r\n\r\n(.*)\r\n/u.exec(body)?.[1] ?? '{}');
  expect(message).toMatchObject({
    content: 'Look',
    enforce_nonce: true,
    attachments: [{ id: 0, description: 'A "view"\r\nwith lines' }, { id: 1 }],
  });
  expect(message.attachments[1]).not.toHaveProperty('description');
  const names = Array.from(
    body.matchAll(/name="files\[(\d)\]"; filename="([^"]+)"\r\nContent-Type: (\S+)/gu),
    ([, index, name = '', type]) => ({ index, type, ours: isNamedAfter(name, message.nonce) }),
  );
  expect(names).toEqual([
    { index: '0', type: 'image/png', ours: true },
    { index: '1', type: 'video/mp4', ours: true },
  ]);
  expect(media.map(({ reads }) => reads.bytes)).toEqual(media.map(({ bytes }) => bytes));
});
