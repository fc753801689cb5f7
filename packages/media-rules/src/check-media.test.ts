import { describe, expect, test } from 'vitest';
import { checkMedia, type CheckedMedia } from './check-media.ts';
import type { MediaRules } from './media-rules.ts';
import { planRendition } from './plan-rendition.ts';

const rules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 100,
  image: {
    mimeTypes: ['image/jpeg'],
    bytesMax: 1_000_000,
    widthMin: 320,
    widthMax: 1440,
    ratioMin: 0.8,
    ratioMax: 1.91,
  },
  animation: { mimeTypes: ['image/gif'], bytesMax: 5_000_000, framesMax: 100, alone: true },
  video: {
    mimeTypes: ['video/mp4'],
    bytesMax: 50_000_000,
    durationMsMin: 3_000,
    durationMsMax: 60_000,
    framesPerSecondMin: 23,
    framesPerSecondMax: 60,
    codecs: ['h264', 'hevc'],
    audioCodecs: ['aac'],
    indexFirst: true,
    pixelsMax: 1920 * 1080,
  },
};

const image: CheckedMedia = {
  kind: 'image',
  mimeType: 'image/jpeg',
  bytes: 500_000,
  width: 1080,
  height: 1080,
  orientation: 1,
  animated: false,
  frames: 1,
  alpha: false,
  durationMs: null,
  framesPerSecond: null,
  codec: null,
  audioCodec: null,
  indexFirst: null,
  hasMetadata: false,
  alt: null,
};
const gif: CheckedMedia = {
  ...image,
  mimeType: 'image/gif',
  animated: true,
  frames: 50,
  durationMs: 5_000,
  framesPerSecond: 10,
};
const video: CheckedMedia = {
  ...image,
  kind: 'video',
  mimeType: 'video/mp4',
  frames: 0,
  durationMs: 10_000,
  framesPerSecond: 30,
  codec: 'h264',
  audioCodec: 'aac',
  indexFirst: true,
};

function findings(media: CheckedMedia[], changed: Partial<MediaRules> = {}) {
  return checkMedia('Example', { ...rules, ...changed }, media).map(
    ({ severity, code, field }) => `${severity} ${code} ${field}`,
  );
}

describe('the post as a whole', () => {
  test('what the platform takes has no findings', () => {
    expect(findings([])).toEqual([]);
    expect(findings([image, image])).toEqual([]);
    expect(findings([gif])).toEqual([]);
    expect(findings([video])).toEqual([]);
  });

  test('a platform that needs media says so', () => {
    expect(findings([], { required: true })).toEqual(['error media_missing mediaIds']);
  });

  test('a platform without media takes none', () => {
    expect(findings([image], { countMax: 0 })).toEqual(['error media_not_supported mediaIds']);
  });

  test.each([
    [[image, image, image, image, image], 'error images_too_many mediaIds'],
    [[video, video], 'error videos_too_many mediaIds'],
    [[image, video], 'error media_mixed mediaIds'],
    [[gif, image], 'error animation_not_alone mediaIds'],
  ])('too many, or what does not go together, is refused', (media, finding) => {
    expect(findings(media)).toEqual([finding]);
  });

  test('a mixed post counts all of its media', () => {
    expect(findings([image, image, image, image, video], { mixed: true })).toEqual(['error media_too_many mediaIds']);
  });
});

describe('pictures', () => {
  test.each([
    ['an animation of too many frames', { ...gif, frames: 101 }, 'error frames_too_many mediaIds.0'],
    ['an animation of too many bytes', { ...gif, bytes: 5_000_001 }, 'error media_too_large mediaIds.0'],
    ['too few pixels', { ...image, width: 300, height: 300 }, 'error media_too_narrow mediaIds.0'],
    ['too high for its width', { ...image, width: 700 }, 'error media_ratio mediaIds.0'],
    ['too wide for its height', { ...image, height: 500 }, 'error media_ratio mediaIds.0'],
    ['alternative text too long', { ...image, alt: '🏳️‍🌈'.repeat(40) }, 'error alt_too_long mediaIds.0'],
  ])('%s cannot be mended', (_, media, finding) => {
    expect(findings([media])).toEqual([finding]);
  });

  test.each([
    ['another type', { ...image, mimeType: 'image/webp' as const }],
    ['too many bytes', { ...image, bytes: 1_000_001 }],
    ['too many pixels', { ...image, width: 4000, height: 4000 }],
  ])('%s is converted, and said to be', (_, media) => {
    expect(findings([media])).toEqual(['warning image_converted mediaIds.0']);
    expect(planRendition(rules, media)).toMatchObject({
      kind: 'render',
      mimeTypes: ['image/jpeg'],
      bytesMax: 1_000_000,
      widthMax: 1440,
    });
  });

  test('an animation that the platform does not move is said to stand still', () => {
    expect(findings([gif], { animation: null })).toContain('warning animation_lost mediaIds.0');
  });

  test('alternative text of a video is said to be lost where only pictures have one', () => {
    const alt = 'A'.repeat(200);
    const shown = { mimeTypes: ['video/mp4'] satisfies ['video/mp4'], bytesMax: 50_000_000, alt: false };
    expect(findings([{ ...video, alt }], { video: shown })).toEqual(['warning alt_not_shown mediaIds.0']);
  });

  test('alternative text that nobody will see is said to be lost', () => {
    expect(findings([{ ...image, alt: 'A view' }], { altCharactersMax: null })).toEqual([
      'warning alt_not_shown mediaIds.0',
    ]);
  });

  test('only what tells about its maker is stripped, and what is turned is rendered', () => {
    expect(planRendition(rules, image)).toEqual({ kind: 'original' });
    expect(planRendition(rules, { ...image, hasMetadata: true })).toEqual({ kind: 'strip' });
    expect(planRendition(rules, { ...image, orientation: 6 })).toMatchObject({ kind: 'render' });
    expect(findings([{ ...image, orientation: 6, hasMetadata: true }])).toEqual([]);
  });

  test('transparency is kept where it can be shown, in WebP before a PNG is made smaller', () => {
    const transparent: CheckedMedia = { ...image, mimeType: 'image/webp', alpha: true, orientation: 3 };
    const targets = (mimeTypes: CheckedMedia['mimeType'][], media = transparent) => {
      const plan = planRendition({ ...rules, image: { mimeTypes, bytesMax: 1_000_000 } }, media);
      return plan.kind === 'render' ? plan.mimeTypes : plan.kind;
    };
    expect(targets(['image/jpeg', 'image/png', 'image/webp'])).toEqual(['image/webp']);
    expect(targets(['image/jpeg', 'image/png'])).toEqual(['image/png']);
    expect(targets(['image/jpeg'])).toEqual(['image/jpeg']);
    const drawn: CheckedMedia = { ...transparent, mimeType: 'image/png' };
    expect(targets(['image/jpeg', 'image/png', 'image/webp'], drawn)).toEqual(['image/png', 'image/webp']);
    expect(targets(['image/jpeg', 'image/png', 'image/webp'], { ...drawn, bytes: 1_000_001 })).toEqual(['image/webp']);
  });

  test('a GIF that does not move becomes a PNG, a PNG of a photo a JPEG', () => {
    const taken = { mimeTypes: ['image/jpeg', 'image/png'] as CheckedMedia['mimeType'][], bytesMax: 1_000_000 };
    const still: CheckedMedia = { ...image, mimeType: 'image/gif' };
    expect(planRendition({ ...rules, image: taken }, still)).toMatchObject({ mimeTypes: ['image/png', 'image/jpeg'] });
    const photo: CheckedMedia = { ...image, mimeType: 'image/png', bytes: 3_000_000 };
    expect(planRendition({ ...rules, image: taken }, photo)).toMatchObject({ mimeTypes: ['image/jpeg'] });
  });

  test('what nobody else shows rightly is encoded anew, whatever its size and type', () => {
    expect(planRendition(rules, { ...image, mustRender: true })).toMatchObject({ kind: 'render' });
    expect(findings([{ ...image, mustRender: true }])).toEqual(['warning image_converted mediaIds.0']);
    expect(findings([{ ...image, mimeType: 'image/heic', mustRender: true }])).toEqual([
      'warning image_converted mediaIds.0',
    ]);
  });
});

describe('animations of other types', () => {
  const webp: CheckedMedia = { ...gif, mimeType: 'image/webp', width: 400, height: 300 };

  test('a WebP becomes a GIF where the platform moves those, and stands by itself like one', () => {
    expect(findings([webp])).toEqual(['warning animation_converted mediaIds.0']);
    expect(planRendition(rules, webp)).toMatchObject({
      kind: 'animate',
      gif: { bytesMax: 5_000_000 },
      still: { mimeTypes: ['image/jpeg'] },
    });
    expect(findings([webp, image])).toContain('error animation_not_alone mediaIds');
  });

  test.each([
    ['an animated PNG', { ...webp, mimeType: 'image/png' as const }],
    ['a WebP of more frames than the platform takes', { ...webp, frames: 101 }],
    ['a WebP whose frames have too many pixels together', { ...webp, width: 1400, height: 1400, frames: 90 }],
  ])('%s falls back to a still picture, and the author is told', (_, media) => {
    expect(findings([media])).toEqual(['warning animation_lost mediaIds.0', 'warning image_converted mediaIds.0']);
    expect(planRendition(rules, media)).toMatchObject({ kind: 'render' });
    expect(findings([media, image])).not.toContain('error animation_not_alone mediaIds');
  });
});

describe('videos', () => {
  test.each([
    ['another container', { mimeType: 'video/webm' as const }, 'media_type'],
    ['too many bytes', { bytes: 50_000_001 }, 'media_too_large'],
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
