import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Where a piece stands in the whole; the whole may be told with the last piece only. */
export type Range = { first: number; last: number; total: number | null };

export type ChunkedUploads = {
  /** Puts a piece where it belongs. `done`: the file is whole, and what stands at `path` is the caller's. */
  add(id: string, range: Range, piece: string): Promise<{ done: boolean; path: string; bytes: number }>;
  /** Forgets an upload that cannot become whole. */
  drop(id: string): Promise<void>;
};

/** https://cloudinary.com/documentation/upload_images#chunked_asset_upload: all but the last piece have at least five megabytes. */
export const chunkBytesMin = 5 * 1024 * 1024;
const uploadsMax = 100;

/** `bytes 0-5999999/12000000`; the total may be `*` or `-1`. Null where it is none. */
export function rangeIn(header: string): Range | null {
  const [, first = '', last = '', total = ''] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*|-1)$/u.exec(header.trim()) ?? [];
  if (first === '') return null;
  const range = { first: Number(first), last: Number(last), total: /^\d/u.test(total) ? Number(total) : null };
  return range.last < range.first || (range.total !== null && range.last >= range.total) ? null : range;
}

/** Uploads in pieces, by their `X-Unique-Upload-Id`. Pieces may come in any order, and again. */
export function createChunkedUploads(newPart: () => string): ChunkedUploads {
  const uploads = new Map<string, { path: string; total: number | null; pieces: Map<number, number> }>();

  async function drop(id: string): Promise<void> {
    const upload = uploads.get(id);
    uploads.delete(id);
    if (upload !== undefined) await rm(upload.path, { force: true });
  }

  return {
    async add(id, { first, last, total }, piece) {
      const [oldest] = uploads.keys();
      if (!uploads.has(id) && uploads.size >= uploadsMax && oldest !== undefined) await drop(oldest);
      const upload = uploads.get(id) ?? { path: newPart(), total: null, pieces: new Map<number, number>() };
      uploads.set(id, upload);
      await write(upload.path, piece, first);
      upload.total = total ?? upload.total;
      upload.pieces.set(first, last);
      const bytes = wholeUntil(upload.pieces);
      const done = upload.total !== null && bytes >= upload.total;
      if (done) uploads.delete(id);
      return { done, path: upload.path, bytes };
    },
    drop,
  };
}

async function write(path: string, piece: string, at: number): Promise<void> {
  await appendFile(path, '', { mode: 0o600 });
  await pipeline(createReadStream(piece), createWriteStream(path, { flags: 'r+', start: at }));
}

/** How far the file reaches without a gap. */
function wholeUntil(pieces: ReadonlyMap<number, number>): number {
  let end = 0;
  for (const [first, last] of [...pieces].toSorted(([one], [other]) => one - other))
    if (first <= end) end = Math.max(end, last + 1);
  return end;
}
