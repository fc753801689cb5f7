import { googleRefusal, pacific } from '../google/errors.ts';
import { readExhaustedLimits } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { youTubeKinds } from './api.ts';
import { YouTubeOptions } from './options.ts';

/** https://developers.google.com/youtube/v3/docs, read 2026-11. */
export const youTubeEndpoints: EndpointDefaults = {
  api: 'https://www.googleapis.com',
  authorize: 'https://accounts.google.com',
  hosts: {
    token: { url: 'https://oauth2.googleapis.com', sandboxPath: '/youtube' },
    analytics: { url: 'https://youtubeanalytics.googleapis.com', sandboxPath: '/youtube' },
  },
  sandbox: { apiPath: '/youtube', authorizePath: '/youtube' },
};

const read = 1;
const write = 50;

/**
 * An application has 100 uploads a day and 10,000 units for everything else, from midnight Pacific time on.
 * https://developers.google.com/youtube/v3/determine_quota_cost, read 2026-11.
 */
export const youTubeLimits: PlatformLimits = {
  postsPerHour: 10,
  appPostsPerDay: 100,
  appUnitsPerDay: {
    limit: 10_000,
    dayBeginsIn: pacific,
    costOfPost({ options, media }) {
      const { playlistId, firstComment } = YouTubeOptions.safeParse(options).data ?? {};
      const thumbnail = media.some(({ kind }) => kind === 'image') ? write : 0;
      const playlist = playlistId === undefined ? 0 : 2 * read + write;
      const comment = firstComment === undefined ? 0 : write;
      return statesRead * read + write + thumbnail + playlist + comment;
    },
    costOfCall({ method, path }) {
      if (!path.includes('/youtube/v3/')) return 0;
      // Uploads count in a bucket of their own.
      if (path.includes('/upload/youtube/v3/videos')) return 0;
      return method === 'GET' ? read : write;
    },
  },
};

/** So often a video is asked about while YouTube works on it, about. */
const statesRead = 3;

/** The video is uploaded before anybody sees it: it is asked for by its id. */
export const youTubeReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};

const refusalOf = googleRefusal('once', youTubeKinds);

/** A day's units are the application's: YouTube says so with 403. */
export function youTubeExhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[] {
  if (answer.status !== 403) return readExhaustedLimits(answer, [], refusalOf);
  const { kind, platformCode, retryAfterMs } = refusalOf(answer);
  const isDay = kind === 'quota' && /^(?:quota|dailyLimit)Exceeded$/u.test(platformCode);
  return isDay && typeof retryAfterMs === 'number' ? [{ scope: 'app', resetMs: retryAfterMs }] : [];
}
