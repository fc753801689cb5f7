import { checkMedia } from '@vibetribe/media-rules/check-media';
import { expect, test } from 'vitest';
import { testFilmFacts } from '../testing/test-media.ts';
import { xMediaRules } from './media-rules.ts';

const minute = 60_000;
const findings = (changed: Parameters<typeof testFilmFacts>[0]) =>
  checkMedia('X', xMediaRules, [testFilmFacts(changed)]).map(({ severity, code }) => `${severity} ${code}`);

test.each([
  ['20 minutes', { durationMs: 20 * minute }, []],
  ['more than that, which Premium may', { durationMs: 21 * minute }, ['warning video_long']],
  ['more than anybody may', { durationMs: 126 * minute }, ['error video_too_long']],
  ['less than half a second', { durationMs: 400 }, ['error video_too_short']],
  ['59.94 frames a second', { framesPerSecond: 59.94 }, []],
  ['120 frames a second', { framesPerSecond: 120 }, ['warning video_fast']],
  ['4:2:2', { chroma: '4:2:2' }, ['warning video_chroma']],
  ['AAC of high efficiency', { audioProfile: 'he' }, ['warning audio_profile']],
  ['MP3', { audioCodec: 'mp3', audioProfile: null }, ['warning audio_codec_unusual']],
  ['six channels', { audioChannels: 6 }, ['warning audio_channels']],
  ['pixels that are not square', { pixelAspect: 16 / 15 }, ['warning video_pixels']],
  ['1920 x 1080', { width: 1_920, height: 1_080 }, ['warning video_large']],
  ['720 x 1280', { width: 720, height: 1_280 }, []],
  ['HEVC out of a phone', { mimeType: 'video/quicktime' as const, codec: 'hevc' }, ['warning video_codec_unusual']],
])('a video of %s, as the documents of November 2026 have it', (_, changed, expected) => {
  expect(findings(changed)).toEqual(expected);
});
