import { checkMedia } from '@vibetribe/media-rules/check-media';
import { planRendition } from '@vibetribe/media-rules/plan-rendition';
import { expect, test } from 'vitest';
import { testFilmFacts } from '../testing/test-media.ts';
import { blueskyMediaRules } from './media-rules.ts';

const quickTime = { mimeType: 'video/quicktime', rewrappable: true, indexFirst: false } as const;

test.each([
  ['ten minutes', { durationMs: 600_000 }, [], 'original'],
  ['more than ten minutes', { durationMs: 600_001 }, ['error video_too_long'], 'original'],
  ['WebM', { mimeType: 'video/webm' as const, rewrappable: false }, [], 'original'],
  ['MPEG', { mimeType: 'video/mpeg' as const, rewrappable: false }, [], 'original'],
  ['QuickTime that can be an MP4', quickTime, ['warning video_rewrapped'], 'rewrap'],
  ['QuickTime that cannot', { ...quickTime, rewrappable: false }, [], 'original'],
  ['300 MB', { bytes: 300_000_000 }, [], 'original'],
  ['more than 300 MB', { bytes: 300_000_001 }, ['error media_too_large'], 'original'],
])('a video of %s, as the video service takes it in November 2026', (_, changed, expected, plan) => {
  const film = testFilmFacts(changed);
  const found = checkMedia('Bluesky', blueskyMediaRules, [film]).map(({ severity, code }) => `${severity} ${code}`);
  expect(found).toEqual(expected);
  expect(planRendition(blueskyMediaRules, film).kind).toBe(plan);
});
