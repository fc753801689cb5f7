/** A packet of an MPEG program stream (ISO/IEC 13818-1, 2.4.3.7). */
export interface Packet {
  /** Which stream it belongs to. */
  readonly code: number;
  /** Where its content begins, behind the header. */
  readonly body: number;
  readonly end: number;
  /** When it is shown, in ticks of 90 kHz. */
  readonly ticks: number | null;
  /** Encrypted, as on a DVD. */
  readonly isScrambled: boolean;
}

const startCode = Buffer.from([0, 0, 1]);
const packHeader = 0xba;
const endCode = 0xb9;
/** Streams whose packets have no header of that kind. */
const bareStreams: ReadonlySet<number> = new Set([0xbb, 0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff]);

/** The packets in a piece of a stream, one after the other; between them it is looked for the next one. */
export function packetsIn(data: Buffer): Packet[] {
  const packets: Packet[] = [];
  let at = data.indexOf(startCode);
  while (at !== -1 && at + 6 <= data.length) {
    const code = data.readUInt8(at + 3);
    let next = at + 4;
    if (code >= 0xbb) {
      const packet = packetAt(data, at, code);
      // A length of zero is allowed to video: up to the next one.
      next = packet.end > at + 6 ? packet.end : at + 6;
      packets.push(packet);
    } else if (code !== packHeader && code !== endCode) next = at + 3;
    at = data.indexOf(startCode, next);
  }
  return packets;
}

function packetAt(data: Buffer, start: number, code: number): Packet {
  const end = Math.min(start + 6 + data.readUInt16BE(start + 4), data.length);
  if (bareStreams.has(code)) return { code, body: start + 6, end, ticks: null, isScrambled: false };
  let at = start + 6;
  const first = data[at] ?? 0;
  if ((first & 0xc0) === 0x80) {
    // MPEG-2: two bytes of flags and the header's length.
    const ticks = ((data[at + 1] ?? 0) & 0x80) === 0 ? null : timeAt(data, at + 3);
    return { code, body: at + 3 + (data[at + 2] ?? 0), end, ticks, isScrambled: (first & 0x30) !== 0 };
  }
  while (data[at] === 0xff && at < start + 22) at += 1;
  if (((data[at] ?? 0) & 0xc0) === 0x40) at += 2;
  const mark = (data[at] ?? 0) & 0xf0;
  const timeBytes = mark === 0x20 ? 5 : mark === 0x30 ? 10 : 0;
  return {
    code,
    body: at + (timeBytes || 1),
    end,
    ticks: timeBytes === 0 ? null : timeAt(data, at),
    isScrambled: false,
  };
}

function timeAt(data: Buffer, at: number): number | null {
  if (at + 5 > data.length) return null;
  const high = ((data[at] ?? 0) >> 1) & 0x07;
  return high * 2 ** 30 + (data.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (data.readUInt16BE(at + 3) >> 1);
}
