import { expect, test } from 'vitest';
import { type CheckedMedia, checkMedia } from './check-media.ts';
import type { MediaRules } from './media-rules.ts';

const document: CheckedMedia = {
  kind: 'document',
  mimeType: 'application/pdf',
  bytes: 1_000,
  width: 0,
  height: 0,
  orientation: 1,
  animated: false,
  frames: 0,
  alpha: false,
  durationMs: null,
  framesPerSecond: null,
  codec: null,
  audioCodec: null,
  indexFirst: null,
  hasMetadata: false,
  pages: 300,
  alt: null,
};
const picture: CheckedMedia = { ...document, kind: 'image', mimeType: 'image/png', width: 10, height: 10, frames: 1 };
const rules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: true,
  altCharactersMax: 100,
  image: { mimeTypes: ['image/png'], bytesMax: 10_000 },
  animation: null,
  video: null,
  document: { mimeTypes: ['application/pdf'], bytesMax: 1_000, pagesMax: 300 },
};
const codes = (given: MediaRules, ...media: CheckedMedia[]) => checkMedia('It', given, media).map(({ code }) => code);

test('a document at the limits is taken, one over them is not', () => {
  expect(codes(rules, document)).toEqual([]);
  expect(codes(rules, { ...document, bytes: 1_001, pages: 301 })).toEqual(['media_too_large', 'document_too_long']);
});

test('it stands alone, and its alternative text is not shown', () => {
  expect(codes(rules, document, picture)).toEqual(['document_not_alone']);
  expect(codes(rules, document, document)).toEqual(['document_not_alone']);
  expect(codes(rules, { ...document, alt: 'A deck' })).toEqual(['alt_not_shown']);
});

test('a platform without documents says so, and what to do', () => {
  const { document: _none, ...without } = rules;
  expect(checkMedia('It', without, [document])).toEqual([
    {
      severity: 'error',
      code: 'document_not_supported',
      message: 'It takes no documents; export its pages as JPEG or PNG pictures',
      field: 'mediaIds.0',
    },
  ]);
});
