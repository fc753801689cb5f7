import { readBits } from './bit-reader.ts';
import type { Box } from './isobmff-boxes.ts';

const samplings = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;

/** How much of the colour is kept, by the decoder's configuration; null where it does not say. */
export function chromaOf(moov: Buffer, type: string, inside: readonly Box[]): string | null {
  for (const box of inside) {
    const body = moov.subarray(box.body, box.end);
    switch (box.type) {
      case 'avcC':
        return ofAvc(body);
      case 'hvcC':
        return body.length > 16 ? (samplings[body.readUInt8(16) & 3] ?? null) : null;
      case 'vpcC':
        return body.length > 6 ? ofVp(body.readUInt8(6)) : null;
      case 'av1C':
        return body.length > 2 ? ofAv1(body.readUInt8(2)) : null;
    }
  }
  return /^apc[hnso]$/.test(type) ? '4:2:2' : type.startsWith('ap4') ? '4:4:4' : null;
}

/** Profiles whose parameter sets tell it (ITU-T H.264, 7.3.2.1.1); all others have 4:2:0. */
const tellingProfiles: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** ISO/IEC 14496-15, 5.3.3.1: the first parameter set stands behind eight bytes. */
function ofAvc(body: Buffer): string | null {
  if (body.length < 12) return null;
  if (!tellingProfiles.has(body.readUInt8(1))) return '4:2:0';
  const set = unescaped(body.subarray(8, 8 + Math.min(body.readUInt16BE(6), 64)));
  const reader = readBits(set.subarray(4));
  reader.golomb();
  return samplings[reader.golomb()] ?? null;
}

/** Behind two zeros a 3 is put in, so that nothing looks like a start code. */
function unescaped(data: Buffer): Uint8Array {
  return data.filter((byte, at) => !(byte === 3 && data[at - 1] === 0 && data[at - 2] === 0));
}

/** https://www.webmproject.org/vp9/mp4/#vp-codec-configuration-box */
function ofVp(byte: number): string | null {
  return ['4:2:0', '4:2:0', '4:2:2', '4:4:4'][(byte >> 1) & 7] ?? null;
}

/** https://aomediacodec.github.io/av1-isobmff/#av1codecconfigurationbox */
function ofAv1(byte: number): string {
  if ((byte & 0x10) !== 0) return '4:0:0';
  return (byte & 0x08) === 0 ? '4:4:4' : (byte & 0x04) === 0 ? '4:2:2' : '4:2:0';
}
