import { createHash, randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { CheckedMedia } from '@vibetribe/media-rules/check-media';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaItem } from '../port/content.ts';
import { startHttpServer, type TestServer } from './test-server.ts';

/** A picture that no other test has; `reads` counts the bytes taken from it. */
export interface TestMedia extends MediaItem {
  readonly reads: { bytes: number };
}

export function testPicture(alt: string | null = null, size = { width: 12, height: 9 }): TestMedia {
  const content = pngOf(size.width, size.height);
  return testMedia({ kind: 'image', mimeType: 'image/png', content, ...size, alt, durationMs: null });
}

/** A header that tells a size, and a comment that no other file has. */
export function testPhoto(alt: string | null = null, size = { width: 640, height: 480 }): TestMedia {
  const content = jpegOf(size.width, size.height);
  return testMedia({ kind: 'image', mimeType: 'image/jpeg', content, ...size, alt, durationMs: null });
}

/** A picture as these rules take it. */
export function fittingPicture({ image }: Pick<MediaRules, 'image'>, alt: string | null = null): TestMedia {
  const { ratioMin = 0, ratioMax = Infinity, widthMin = 0, heightMin = 0 } = image ?? {};
  const ratio = Math.min(Math.max(4 / 3, ratioMin), ratioMax);
  const width = Math.max(12, widthMin, Math.ceil(heightMin * ratio));
  const size = { width, height: Math.round(width / ratio) };
  return image?.mimeTypes.includes('image/png') === false ? testPhoto(alt, size) : testPicture(alt, size);
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
export function testVideo(
  bytes: number,
  alt: string | null = null,
  { mimeType = 'video/mp4', durationMs = 2_000 }: Partial<Pick<MediaItem, 'mimeType' | 'durationMs'>> = {},
): TestMedia {
  const brand = mimeType === 'video/quicktime' ? 'qt  ' : 'isom';
  const head = Buffer.from(mimeType === 'video/webm' ? '1a45dfa3' : '', 'hex');
  const start = head.length > 0 ? head : Buffer.from(`\0\0\0\x10ftyp${brand}\0\0\0\0`, 'latin1');
  const content = Buffer.concat([start, randomBytes(bytes - start.length)]);
  return testMedia({ kind: 'video', mimeType, content, width: 640, height: 360, alt, durationMs });
}

export function testDocument(bytes = 4_000): TestMedia {
  const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(bytes)]);
  const none = { width: 0, height: 0, alt: null, durationMs: null };
  return testMedia({ kind: 'document', mimeType: 'application/pdf', content, ...none });
}

/** What is known of a good film: two seconds of H.264 and AAC. */
export function testFilmFacts(changed: Partial<CheckedMedia> = {}): CheckedMedia {
  return {
    kind: 'video',
    mimeType: 'video/mp4',
    bytes: 6_000_000,
    width: 1_280,
    height: 720,
    orientation: 1,
    animated: false,
    frames: 0,
    alpha: false,
    durationMs: 2_000,
    framesPerSecond: 30,
    codec: 'h264',
    chroma: '4:2:0',
    pixelAspect: 1,
    audioCodec: 'aac',
    audioProfile: 'lc',
    audioChannels: 2,
    rewrappable: true,
    indexFirst: true,
    hasMetadata: false,
    alt: null,
    ...changed,
  };
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

function jpegOf(width: number, height: number): Buffer {
  const comment = randomBytes(64);
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  return Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0, 16),
    Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'),
    Buffer.of(0xff, 0xfe, 0, comment.length + 2),
    comment,
    Buffer.of(0xff, 0xc0, 0, 11, 8),
    size,
    Buffer.of(1, 1, 0x11, 0),
    Buffer.of(0xff, 0xd9),
  ]);
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

/** Where platforms that fetch by themselves find the media of a test. */
export async function startMediaServer(): Promise<TestServer & { serve<Media extends MediaItem>(item: Media): Media }> {
  const items = new Map<string, MediaItem>();
  const server = await startHttpServer(async (request, response) => {
    const item = items.get(request.url ?? '');
    if (item === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': item.mimeType, 'content-length': item.bytes });
    for await (const piece of item.read()) response.write(piece);
    response.end();
  });
  return Object.assign(server, {
    serve<Media extends MediaItem>(item: Media): Media {
      const path = `/${item.sha256}.${item.mimeType.split('/')[1]}`;
      items.set(path, item);
      return { ...item, url: `${server.origin}${path}` };
    },
  });
}
