import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';

let remembering: TestApi;
let forgetful: TestApi;
beforeAll(async () => {
  remembering = await startTestApi(inject('postgresUrl'));
  forgetful = await startTestApi(inject('postgresUrl'), { env: { CACHE_DEFAULT_TTL: '0' } });
});
afterAll(async () => {
  await remembering[Symbol.asyncDispose]();
  await forgetful[Symbol.asyncDispose]();
});

/** Statements about sessions that these requests, one after another, cost. */
async function lookUpsOf(api: TestApi, token: string, paths: readonly string[]): Promise<number> {
  const before = api.logged().length;
  for (const path of paths) expect((await api.call('GET', `/api/v1${path}`, { token })).status).toBe(200);
  const lines = api.logged().slice(before).split('\n');
  return lines.filter((line) => line.includes('"msg":"database call"') && line.includes('sessions')).length;
}

test('who asks is looked up once in a while, not each time; with CACHE_DEFAULT_TTL=0 each time, and the metrics tell', async () => {
  const paths = ['/accounts', '/platforms', '/notifications', '/posts', '/accounts', '/platforms'];
  const lookUps = async (api: TestApi) => lookUpsOf(api, (await api.register()).accessToken, paths);
  expect(await lookUps(forgetful)).toBe(paths.length);
  expect(await lookUps(remembering)).toBeLessThan(paths.length);
  const { text } = await remembering.call('GET', '/metrics');
  expect(text).toMatch(/vibetribe_cache_lookups_total\{cache="sessions",result="hit",app="api"\} [1-9]/);
  expect(text).toMatch(/vibetribe_cache_lookups_total\{cache="platform-rules",result="hit",app="api"\} [1-9]/);
});
