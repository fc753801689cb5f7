import { createHash, randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { MediaItem } from './port/content.ts';

/** A picture that no other test has; `reads` counts the bytes taken from it. */
export interface TestMedia extends MediaItem {
  readonly reads: { bytes: number };
}

export function testPicture(alt: string | null = null): TestMedia {
  return testMedia({
    kind: 'image',
    mimeType: 'image/png',
    content: pngOf(12, 9),
    width: 12,
    height: 9,
    alt,
    durationMs: null,
  });
}

export function testAnimation(alt: string | null = null): TestMedia {
  const content = Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.of(12, 0, 9, 0, 0, 0, 0),
    randomBytes(64),
    Buffer.of(0x3b),
  ]);
  return testMedia({ kind: 'image', mimeType: 'image/gif', content, width: 12, height: 9, alt, durationMs: 500 });
}

/** Looks like a film from afar: nothing here decodes it. */
export function testVideo(bytes: number, alt: string | null = null): TestMedia {
  const content = Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), randomBytes(bytes - 16)]);
  return testMedia({ kind: 'video', mimeType: 'video/mp4', content, width: 640, height: 360, alt, durationMs: 2_000 });
}

type Given = Pick<MediaItem, 'kind' | 'mimeType' | 'width' | 'height' | 'alt' | 'durationMs'>;

function testMedia({ content, ...facts }: Given & { content: Buffer }): TestMedia {
  const reads = { bytes: 0 };
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    ...facts,
    id: `media-${sha256.slice(0, 8)}`,
    url: null,
    bytes: content.byteLength,
    sha256,
    reads,
    async *read({ start, end } = { start: 0, end: content.byteLength }) {
      const pieceBytes = 64 * 1024;
      for (let at = start; at < end; at += pieceBytes) {
        const piece = content.subarray(at, Math.min(at + pieceBytes, end));
        reads.bytes += piece.byteLength;
        yield piece;
      }
    },
  };
}

function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(randomBytes(height * (width + 1)).map((byte, at) => (at % (width + 1) === 0 ? 0 : byte)));
  return Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
