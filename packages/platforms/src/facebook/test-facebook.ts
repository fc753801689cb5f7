import { afterAll } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import type { testPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication } from '../testing/test-platform.ts';
import { facebook } from './index.ts';

export const client = openTestClient('facebook');
afterAll(() => client[Symbol.asyncDispose]());

export const account = { externalId: '10', handle: 'page', service: null };
export const post = '10_77';
export const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: ReturnType<typeof testPicture>[] } = {},
) =>
  startPublication({
    adapter: facebook,
    endpoints: testEndpoints({ api: origin, version: 'v25.0', hosts: { video: origin, upload: origin } }),
    client,
    account,
    accessToken: 'page-token',
    content: { text: 'Hello', options: {}, media: [], ...content },
  });
