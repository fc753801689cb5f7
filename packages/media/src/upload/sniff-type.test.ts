import { describe, expect, test } from 'vitest';
import { box } from '../fixtures/test-movies.ts';
import { sniffType } from './sniff-type.ts';

function ftyp(...brands: string[]): Buffer {
  const [major = '', ...compatible] = brands;
  return box('ftyp', Buffer.from(`${major}\0\0\0\0${compatible.join('')}`, 'latin1'));
}

describe('movies', () => {
  test.each([
    [['isom', 'iso2', 'avc1', 'mp41'], 'video/mp4'],
    [['mp42', 'mp42', 'isom'], 'video/mp4'],
    [['M4V ', 'M4V ', 'mp42'], 'video/mp4'],
    [['qt  ', 'qt  '], 'video/quicktime'],
  ])('brands %j are %s', (brands, mimeType) => {
    expect(sniffType(ftyp(...brands))).toEqual({ mimeType });
  });

  test.each([[['heic', 'mif1', 'heic']], [['avif', 'mif1', 'avif', 'iso8']], [['M4A ', 'M4A ']]])(
    'brands %j are not taken',
    (brands) => {
      expect(sniffType(ftyp(...brands))).toMatchObject({ mimeType: null, name: expect.any(String) });
    },
  );

  test('a first box that is longer than any is no movie', () => {
    expect(sniffType(Buffer.concat([Buffer.from('#EXT'), Buffer.from('ftypisom'), Buffer.alloc(20)]))).toMatchObject({
      mimeType: null,
    });
  });
});
