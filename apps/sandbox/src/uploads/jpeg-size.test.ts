import { expect, test } from 'vitest';
import { sizeOfJpeg } from './jpeg-size.ts';

const begin = Buffer.of(0xff, 0xd8);
const end = Buffer.of(0xff, 0xda, 0, 2, 0xff, 0xd9);
const segment = (marker: number, ...content: number[]) =>
  Buffer.from([0xff, marker, 0, content.length + 2, ...content]);
const frame = (marker = 0xc0) => segment(marker, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0);
const size = { width: 0x03_04, height: 0x01_02 };

test.each([
  ['the frame first', [frame()]],
  ['a progressive frame', [frame(0xc2)]],
  ['behind tables and a comment', [segment(0xc4, 0), segment(0xdb, 0), segment(0xfe, 1, 2, 3), frame()]],
  ['behind fill bytes and a marker without length', [Buffer.of(0xff, 0xff, 0xff), frame().subarray(1)]],
])('the size is read: %s', (_name, segments) => {
  expect(sizeOfJpeg(Buffer.concat([begin, ...segments, end]))).toEqual(size);
});

test('without a frame, cut off, or of another kind there is none', () => {
  const whole = Buffer.concat([begin, frame()]);
  expect(sizeOfJpeg(Buffer.concat([begin, end]))).toBeUndefined();
  expect(sizeOfJpeg(Buffer.from('PNG'))).toBeUndefined();
  for (let bytes = 0; bytes < 11; bytes += 1) expect(sizeOfJpeg(whole.subarray(0, bytes))).toBeUndefined();
});
