import { afterAll } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto } from '../testing/test-media.ts';
import { openTestClient, startPublication } from '../testing/test-platform.ts';
import { instagram } from './index.ts';

export const client = openTestClient('instagram');
afterAll(() => client[Symbol.asyncDispose]());

export const account = { externalId: '17841000000000001', handle: 'ada', service: null };
export const mediaRoute = `POST /v25.0/${account.externalId}/media`;
export const publishRoute = `POST /v25.0/${account.externalId}/media_publish`;
export const listRoute = `GET /v25.0/${account.externalId}/media`;
export const quotaRoute = `GET /v25.0/${account.externalId}/content_publishing_limit`;
export const withUrl = (item: MediaItem): MediaItem => ({ ...item, url: `https://files.example/${item.sha256}.jpg` });
export const at = (minutes: number) => new Date(Date.UTC(2026, 10, 22, 10, minutes));

export const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: MediaItem[] } = {},
  details = { login: 'instagram' },
) =>
  startPublication({
    adapter: instagram,
    endpoints: testEndpoints({ api: origin, version: 'v25.0', hosts: { upload: origin, pages: origin } }),
    client,
    account,
    accessToken: 'secret-token',
    details,
    content: { text: 'Hello', options: {}, media: [withUrl(testPhoto('A view'))], ...content },
  });
export const error = (code: number, subcode?: number) => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});
export const quota =
  (used: number, total = 100) =>
  () => ({ json: { data: [{ quota_usage: used, config: { quota_total: total, quota_duration: 86_400 } }] } });
export const listed =
  (...posts: object[]) =>
  () => ({ json: { data: posts } });
export const finished = { json: { id: '171', status_code: 'FINISHED' } };
export const usual = {
  [mediaRoute]: () => ({ json: { id: '171' } }),
  'GET /v25.0/171': () => finished,
  [quotaRoute]: quota(0),
  [listRoute]: listed(),
  [publishRoute]: () => ({ json: { id: '181' } }),
  'GET /v25.0/181': () => ({ json: { id: '181', permalink: 'https://www.instagram.com/p/x/' } }),
};
