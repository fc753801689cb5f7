import { describe, expect, test } from 'vitest';
import type { CheckedMedia } from './check-media.ts';
import { planRendition } from './plan-rendition.ts';
import { rules, image, gif, video, findings } from './test-items.ts';

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
