import type { FileHandle } from 'node:fs/promises';

export type MovieFacts = { width: number; height: number; duration: number };

const indexBytesMax = 8 * 1024 * 1024;
const boxesMax = 1_000;

/** Size and seconds of an MP4 or QuickTime file, from its index (ISO/IEC 14496-12); null where there is none. */
export async function movieFacts(file: FileHandle, bytes: number): Promise<MovieFacts | null> {
  const index = await readIndex(file, bytes);
  if (index === null) return null;
  const tracks = boxesIn(index).flatMap(({ type, body }) => (type === 'trak' ? boxesIn(body) : []));
  const header = boxesIn(index).find(({ type }) => type === 'mvhd')?.body;
  const size = tracks
    .flatMap(({ type, body }) => (type === 'tkhd' ? [sizeIn(body)] : []))
    .find(({ width }) => width > 0);
  return { width: size?.width ?? 0, height: size?.height ?? 0, duration: header === undefined ? 0 : secondsIn(header) };
}

async function readIndex(file: FileHandle, bytes: number): Promise<Buffer | null> {
  for (let at = 0, count = 0; at + 8 <= bytes && count < boxesMax; count += 1) {
    const { buffer: head } = await file.read(Buffer.alloc(16), 0, 16, at);
    const size = head.readUInt32BE(0) === 1 ? Number(head.readBigUInt64BE(8)) : head.readUInt32BE(0) || bytes - at;
    if (size < 8) return null;
    if (head.toString('latin1', 4, 8) === 'moov') {
      const length = Math.min(size, bytes - at, indexBytesMax) - 8;
      return (await file.read(Buffer.alloc(length), 0, length, at + 8)).buffer;
    }
    at += size;
  }
  return null;
}

function boxesIn(parent: Buffer): { type: string; body: Buffer }[] {
  const boxes = [];
  for (let at = 0; at + 8 <= parent.length;) {
    const size = parent.readUInt32BE(at);
    if (size < 8) break;
    boxes.push({ type: parent.toString('latin1', at + 4, at + 8), body: parent.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

/** The last two numbers of a track's header, in 16.16. */
function sizeIn(header: Buffer): { width: number; height: number } {
  if (header.length < 8) return { width: 0, height: 0 };
  return { width: header.readUInt16BE(header.length - 8), height: header.readUInt16BE(header.length - 4) };
}

function secondsIn(header: Buffer): number {
  const isLong = header[0] === 1;
  if (header.length < (isLong ? 32 : 20)) return 0;
  const scale = header.readUInt32BE(isLong ? 20 : 12);
  const ticks = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return scale === 0 ? 0 : ticks / scale;
}
