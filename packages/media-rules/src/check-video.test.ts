import { describe, expect, test } from 'vitest';
import { checkMedia, type CheckedMedia } from './check-media.ts';
import type { MediaRules } from './media-rules.ts';
import { planRendition } from './plan-rendition.ts';
import { rules, video, findings } from './test-items.ts';

describe('videos', () => {
  test.each([
    ['another container', { mimeType: 'video/webm' as const }, 'media_type'],
    ['too many bytes', { bytes: 50_000_001 }, 'media_too_large'],
    ['too few bytes', { bytes: 74_999 }, 'media_too_small'],
    ['too short', { durationMs: 2_999 }, 'video_too_short'],
    ['too long', { durationMs: 60_001 }, 'video_too_long'],
    ['too few frames a second', { framesPerSecond: 10 }, 'video_too_slow'],
    ['too many frames a second', { framesPerSecond: 120 }, 'video_too_fast'],
    ['another codec', { codec: 'vp9' }, 'video_codec'],
    ['sound of another codec', { audioCodec: 'mp3' }, 'audio_codec'],
    ['an index that stands last', { indexFirst: false }, 'index_last'],
    ['too many pixels', { width: 2160, height: 3840 }, 'media_too_many_pixels'],
  ])('%s is refused with the exact reason', (_, changed, code) => {
    expect(findings([{ ...video, ...changed }])).toEqual([`error ${code} mediaIds.0`]);
  });

  test.each([
    [60.002, []],
    [22.98, []],
    [60.5, ['error video_too_fast mediaIds.0']],
  ])('%d frames a second: what is rounded is no other rate', (framesPerSecond, expected) => {
    expect(findings([{ ...video, framesPerSecond }])).toEqual(expected);
  });

  test('a refusal of a container names the remedy', () => {
    const [first] = checkMedia('Example', rules, [{ ...video, mimeType: 'video/webm' }]);
    expect(first?.message).toBe('Example takes video/mp4 here, not video/webm; export it as MP4');
  });

  test('every reason is told at once, in words with figures', () => {
    const [first] = checkMedia('Example', rules, [{ ...video, durationMs: 130_500, codec: 'vp9' }]);
    expect(first?.message).toBe('Example takes videos of 60 s at most, not 130.5 s');
    expect(findings([{ ...video, durationMs: 130_500, codec: 'vp9' }])).toHaveLength(2);
  });
});

describe('a video that needs another container only', () => {
  const quickTime: CheckedMedia = { ...video, mimeType: 'video/quicktime', indexFirst: false, rewrappable: true };
  const taken = {
    ...rules.video,
    mimeTypes: ['video/mp4', 'video/quicktime'],
    bytesMax: 1e8,
  } satisfies MediaRules['video'];

  test.each([
    ['where MP4 alone is taken', quickTime, {}],
    ['where its index has to be first', quickTime, { video: taken }],
    ['an MP4 whose index stands last', { ...quickTime, mimeType: 'video/mp4' as const }, {}],
    ['where MP4 is preferred', { ...quickTime, indexFirst: true }, { video: { ...taken, mp4Preferred: true } }],
  ])('%s: is put into an MP4 file, and the author is told', (_, media, changed) => {
    expect(findings([media], changed)).toEqual(['warning video_rewrapped mediaIds.0']);
    expect(planRendition({ ...rules, ...changed }, media)).toEqual({ kind: 'rewrap' });
  });

  test('is left as it is where it is taken so', () => {
    const others = { video: { ...taken, indexFirst: false } };
    expect(findings([quickTime], others)).toEqual([]);
    expect(planRendition({ ...rules, ...others }, quickTime)).toEqual({ kind: 'original' });
    expect(planRendition({ ...rules, ...others }, { ...quickTime, hasMetadata: true })).toEqual({ kind: 'strip' });
  });

  test('is refused where its streams have no place in MP4, or are refused as such', () => {
    expect(findings([{ ...quickTime, rewrappable: false }])).toEqual([
      'error media_type mediaIds.0',
      'error index_last mediaIds.0',
    ]);
    expect(findings([{ ...quickTime, durationMs: 70_000 }])).toEqual([
      'error video_too_long mediaIds.0',
      'warning video_rewrapped mediaIds.0',
    ]);
  });
});

describe('what a platform asks of a video besides', () => {
  const asked: MediaRules['video'] = {
    mimeTypes: ['video/mp4'],
    bytesMax: 1e9,
    durationMsMax: 100_000,
    advice: {
      durationMsMax: 60_000,
      framesPerSecondMax: 60,
      longEdgeMax: 1_280,
      shortEdgeMax: 1_024,
      codecs: ['h264'],
      chromas: ['4:2:0'],
      squarePixels: true,
      audioCodecs: ['aac'],
      audioProfiles: ['lc'],
      audioChannelsMax: 2,
    },
  };
  const good: CheckedMedia = {
    ...video,
    width: 1_280,
    height: 720,
    chroma: '4:2:0',
    pixelAspect: 1,
    audioProfile: 'lc',
    audioChannels: 2,
  };

  test.each([
    ['its length', { durationMs: 60_001 }, 'video_long'],
    ['its rate', { framesPerSecond: 120 }, 'video_fast'],
    ['its size', { width: 720, height: 1_920 }, 'video_large'],
    ['its codec', { codec: 'hevc' }, 'video_codec_unusual'],
    ['its colours', { chroma: '4:2:2' }, 'video_chroma'],
    ['the shape of its pixels', { pixelAspect: 1.0667 }, 'video_pixels'],
    ['the codec of its sound', { audioCodec: 'mp3', audioProfile: null }, 'audio_codec_unusual'],
    ['the profile of its sound', { audioProfile: 'he' }, 'audio_profile'],
    ['its channels', { audioChannels: 6 }, 'audio_channels'],
  ])('%s: is a warning', (_, changed, code) => {
    expect(findings([{ ...good, ...changed }], { video: asked })).toEqual([`warning ${code} mediaIds.0`]);
  });

  test('what is as it is asked for, and what is not known, is not told', () => {
    expect(findings([good], { video: asked })).toEqual([]);
    const unknown = { chroma: null, pixelAspect: undefined, audioProfile: null, audioChannels: null };
    expect(findings([{ ...good, ...unknown }], { video: asked })).toEqual([]);
    expect(findings([{ ...good, durationMs: 100_001 }], { video: asked })).toEqual(['error video_too_long mediaIds.0']);
  });
});
