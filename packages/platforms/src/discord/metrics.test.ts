import { expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { discordMetrics } from './metrics.ts';

test('the messages of a webhook are there, and have no numbers', async () => {
  const call = {
    endpoints: testEndpoints({ api: 'https://discord.example' }),
    http: { request: () => Promise.reject(new Error('something was asked')) },
    account: { externalId: 'webhook-1', handle: 'hook', service: null },
    accessToken: 't',
    scopes: [],
    details: {},
    now: new Date(),
  };
  const found = await discordMetrics.readPosts({ ...call, posts: [{ platformPostId: '1', url: null }] });
  expect([...found]).toEqual([['1', []]]);
  expect(await discordMetrics.readAccount?.(call)).toEqual([]);
});
