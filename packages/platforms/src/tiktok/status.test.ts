import { expect, test } from 'vitest';
import type { PlatformHttp } from '../port/platform-http.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { answerOf } from '../testing/test-platform.ts';
import { readStatus } from './status.ts';

test.each([
  ['[7512345678901234567]', '7512345678901234567'],
  ['[ "7512345678901234567" ]', '7512345678901234567'],
  ['[]', null],
])('the id of a post, %s, is read digit for digit', async (written, postId) => {
  const text = `{"data":{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":${written}},"error":{"code":"ok"}}`;
  const http: PlatformHttp = { request: async () => ({ ...answerOf(200, JSON.parse(text)), text }) };
  const call = { endpoints: testEndpoints({ api: 'https://tiktok.example' }), http, accessToken: 'token' };
  expect(await readStatus(call, http, 'v_pub~1')).toMatchObject({ status: 'PUBLISH_COMPLETE', postId });
});
