import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { readExhaustedLimits } from '../http/exhausted-limits.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { tiktokRefusal } from './errors.ts';

/** https://developers.tiktok.com/doc/login-kit-web, read 2026-11. */
export const tiktokEndpoints: EndpointDefaults = {
  api: 'https://open.tiktokapis.com',
  authorize: 'https://www.tiktok.com',
  sandbox: { apiPath: '/tiktok', authorizePath: '/tiktok' },
};

/** Ten an hour is the product's own measure: TikTok takes six begun in a minute and some fifteen posts a day. */
export const tiktokLimits: PlatformLimits = { postsPerHour: 10, appPostsPerDay: null };

/** No header tells what is left. */
export function tiktokExhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[] {
  return readExhaustedLimits(answer, [], tiktokRefusal);
}

/** A video is known by its publish id before its last bytes are sent; photos have none until TikTok has answered. */
export const tiktokReconciliation: ReconciliationRules = {
  means: 'lookup',
  repeat: 'made_again',
  quietMs: 60_000,
  absence: { reads: 2, spacingMs: 60_000 },
};
