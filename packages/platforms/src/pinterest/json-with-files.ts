import { randomUUID } from 'node:crypto';
import type { ByteStream } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';

/** JSON in which files stand as base64, read as it is sent: none of them is held whole. */
export function jsonWithFiles(value: (placed: (item: MediaItem) => string) => unknown): ByteStream {
  const mark = `file-${randomUUID()}-`;
  const items: MediaItem[] = [];
  const text = JSON.stringify(value((item) => `${mark}${items.push(item) - 1}.`));
  const pieces = text.split(new RegExp(`${mark}(\\d+)\\.`, 'u')).map((piece, at) => {
    const item = at % 2 === 0 ? undefined : items[Number(piece)];
    return item === undefined ? Buffer.from(piece) : item;
  });
  return {
    byteLength: pieces.reduce((sum, piece) => sum + lengthOf(piece), 0),
    async *open() {
      for (const piece of pieces) {
        if (Buffer.isBuffer(piece)) yield piece;
        else yield* base64Of(piece.read());
      }
    },
  };
}

function lengthOf(piece: Buffer | MediaItem): number {
  return Buffer.isBuffer(piece) ? piece.byteLength : Math.ceil(piece.bytes / 3) * 4;
}

/** Three bytes at a time are four letters. */
async function* base64Of(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const piece of bytes) {
    const all = Buffer.concat([rest, piece]);
    const whole = all.length - (all.length % 3);
    rest = all.subarray(whole);
    if (whole > 0) yield Buffer.from(all.toString('base64', 0, whole));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'));
}
