import { expect, test } from 'vitest';
import { pngOf } from '../testing/test-files.ts';
import { metadataOf } from './image-metadata.ts';

test('finds how the camera was held, the place and what else a picture tells', () => {
  const file = jpegOf(
    segment(0xe1, 'Exif\0\0', tiff()),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', '<x/>'),
    segment(0xed, 'Photoshop 3.0\0', '8BIM'),
  );
  expect(metadataOf(file)).toEqual({ kinds: ['exif', 'gps', 'iptc', 'xmp'], orientation: 6 });
});

test('finds it in PNG and WebP too', () => {
  const png = pngOf(2, 2);
  const chunk = Buffer.concat([uint32(tiff().length, 'BE'), Buffer.from('eXIf'), tiff(), Buffer.alloc(4)]);
  expect(metadataOf(Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]))).toEqual({
    kinds: ['exif', 'gps'],
    orientation: 6,
  });
  const webp = Buffer.concat([
    Buffer.from('RIFF\0\0\0\0WEBP'),
    Buffer.from('EXIF'),
    uint32(tiff().length, 'LE'),
    tiff(),
  ]);
  expect(metadataOf(webp)).toEqual({ kinds: ['exif', 'gps'], orientation: 6 });
});

test('finds nothing where there is nothing, and in what is no picture or cut off', () => {
  const nothing = { kinds: [], orientation: 1 };
  const whole = jpegOf(segment(0xe1, 'Exif\0\0', tiff()));
  expect([pngOf(2, 2), jpegOf(), Buffer.from('film'), Buffer.alloc(0)].map(metadataOf)).toEqual(Array(4).fill(nothing));
  for (let bytes = 0; bytes < whole.length; bytes += 1) metadataOf(whole.subarray(0, bytes));
});

function jpegOf(...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(0xff, 0xd8), ...segments, Buffer.of(0xff, 0xda, 0, 2, 0xff, 0xd9)]);
}

function segment(marker: number, head: string, content: Buffer | string): Buffer {
  const body = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(content)]);
  return Buffer.concat([Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff), body]);
}

/** Two entries: the orientation 6, and where the place begins. */
function tiff(): Buffer {
  const entry = (tag: number, type: number, value: number) =>
    Buffer.concat([uint16(tag), uint16(type), uint32(1, 'LE'), uint32(value, 'LE')]);
  return Buffer.concat([
    Buffer.from('II*\0'),
    uint32(8, 'LE'),
    uint16(2),
    entry(0x0112, 3, 6),
    entry(0x8825, 4, 38),
    uint32(0, 'LE'),
  ]);
}

function uint16(value: number): Buffer {
  return Buffer.of(value & 0xff, value >> 8);
}

function uint32(value: number, order: 'LE' | 'BE'): Buffer {
  const bytes = Buffer.alloc(4);
  if (order === 'LE') bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}
