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

  test.each([
    [['3gp1', '3gp1'], 'video/mp4'],
    [['3g2a', '3g2a'], 'video/mp4'],
    [['XAVC', 'XAVC', 'mp42'], 'video/mp4'],
    [['dby1', 'dby1'], 'video/mp4'],
    [['niko', 'niko'], 'video/mp4'],
    [['mp42', 'qt  '], 'video/mp4'],
    [['CAEP', 'CAEP', 'qt  '], 'video/quicktime'],
    [['heic', 'mif1', 'heic'], 'image/heic'],
    [['mif1', 'mif1', 'heic', 'hevc'], 'image/heic'],
    [['msf1', 'msf1', 'hevc'], 'image/heic'],
    [['avif', 'mif1', 'avif', 'iso8'], 'image/avif'],
    [['mif1', 'avif', 'miaf'], 'image/avif'],
  ])('brands %j are %s, too', (brands, mimeType) => {
    expect(sniffType(ftyp(...brands))).toEqual({ mimeType });
  });

  test.each([[['M4A ', 'M4A ', 'mp42', 'isom']], [['M4B ', 'M4B ']], [['F4A ', 'F4A ']]])(
    'brands %j are sound',
    (brands) => {
      expect(sniffType(ftyp(...brands))).toMatchObject({ mimeType: null, name: expect.stringContaining('sound') });
    },
  );

  test('a first box that is longer than any is no movie', () => {
    expect(sniffType(Buffer.concat([Buffer.from('#EXT'), Buffer.from('ftypisom'), Buffer.alloc(20)]))).toMatchObject({
      mimeType: null,
    });
  });
});
