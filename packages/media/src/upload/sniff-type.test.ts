import { describe, expect, test } from 'vitest';
import { box } from '../fixtures/test-movies.ts';
import { sniffType } from './sniff-type.ts';

function ftyp(...brands: string[]): Buffer {
  const [major = '', ...compatible] = brands;
  return box('ftyp', Buffer.from(`${major}\0\0\0\0${compatible.join('')}`, 'latin1'));
}

test('a PDF is one by its first bytes alone', () => {
  expect(sniffType(Buffer.from('%PDF-1.7\n'))).toEqual({ mimeType: 'application/pdf' });
  expect(sniffType(Buffer.from('\n%PDF-1.7\n'))).toMatchObject({ mimeType: null });
});

test.each([
  ['image/jpeg', [0xff, 0xd8, 0xff, 0xe0]],
  ['image/jpeg', [0xff, 0xd8, 0xff, 0xc0]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/gif', [...Buffer.from('GIF87a')]],
  ['image/gif', [...Buffer.from('GIF89a')]],
  ['image/webp', [...Buffer.from('RIFF\0\0\0\0WEBP')]],
])('%s is told by its first bytes', (mimeType, head) => {
  expect(sniffType(Buffer.concat([Buffer.from(head), Buffer.alloc(100)]))).toEqual({ mimeType });
  expect(sniffType(Buffer.concat([Buffer.from(head.slice(0, 2)), Buffer.alloc(100)]))).toMatchObject({
    mimeType: null,
  });
});

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

describe('what people send by mistake is named, with what they can do', () => {
  test.each<[string, string, RegExp, RegExp]>([
    ['TIFF', 'II*\0', /TIFF/, /JPEG or PNG/],
    ['DNG', 'II*\0\x08\0\0\0SONY', /RAW/, /JPEG or PNG/],
    ['CR2', 'II*\0\x10\0\0\0CR\x02\0', /RAW/, /JPEG or PNG/],
    ['CR3', '\0\0\0\x18ftypcrx \0\0\0\x01crx isom', /RAW/, /JPEG or PNG/],
    ['RAF', 'FUJIFILMCCD-RAW 0201', /RAW/, /JPEG or PNG/],
    ['PSD', '8BPS\0\x01', /Photoshop/, /JPEG or PNG/],
    ['BMP', 'BM\x36\0', /BMP/, /JPEG or PNG/],
    ['JPEG XL', '\xff\x0a', /JPEG XL/, /JPEG or PNG/],
    ['MKV', '\x1a\x45\xdf\xa3\x42\x82\x88matroska', /Matroska/, /MP4/],
    ['AVI', 'RIFF\0\0\0\0AVI LIST', /AVI/, /MP4/],
    ['WAV', 'RIFF\0\0\0\0WAVEfmt ', /WAV/, /picture/],
    ['WMV', '\x30\x26\xb2\x75\x8e\x66\xcf\x11', /Windows Media/, /MP4/],
    ['FLV', 'FLV\x01', /Flash/, /MP4/],
    ['ZIP', 'PK\x03\x04', /ZIP/, /out of it/],
    ['Keynote', `PK\x03\x04${'\0'.repeat(22)}\x12\0\0\0Index/Document.iwa`, /Keynote/, /PDF/],
    ['RTF', '{\\rtf1\\ansi', /RTF/, /PDF/],
    ['MTS', `${`${'\0'.repeat(4)}G`.padEnd(192, 'x').repeat(3)}`, /transport stream/, /MP4/],
    ['MXF', '\x06\x0e\x2b\x34\x02\x05', /MXF/, /MP4/],
    ['CRW', 'II\x1a\0\0\0HEAPCCDR', /RAW/, /JPEG or PNG/],
    ['AMR', '#!AMR\n', /AMR/, /picture/],
    ['AAC', '\xff\xf1\x50', /AAC/, /picture/],
    ['SVG', '<?xml version="1.0"?><svg width="1">', /SVG/, /JPEG or PNG/],
  ])('%s', (_format, head, name, remedy) => {
    expect(sniffType(Buffer.from(head.padEnd(600, ' '), 'latin1'))).toEqual({
      mimeType: null,
      name: expect.stringMatching(name),
      remedy: expect.stringMatching(remedy),
    });
  });

  test('and what looks like nothing we know is not guessed at', () => {
    expect(sniffType(Buffer.alloc(600, 7))).toEqual({ mimeType: null, name: null, remedy: null });
  });
});
