/** What an image says of itself beside its picture, read from its bytes. */
export type ImageMetadata = {
  /** Which kinds there are: `exif`, `gps`, `iptc`, `xmp`. */
  kinds: string[];
  /** EXIF's number for how the camera was held, 1 where it does not say: upright. */
  orientation: number;
};

/** Reads JPEG, PNG and WebP; of anything else it finds nothing. */
export function metadataOf(file: Buffer): ImageMetadata {
  const found: ImageMetadata = { kinds: [], orientation: 1 };
  for (const { kind, content } of partsOf(file)) {
    found.kinds.push(kind);
    if (kind === 'exif') readTiff(content, found);
  }
  return { ...found, kinds: [...new Set(found.kinds)].sort() };
}

type Part = { kind: 'exif' | 'iptc' | 'xmp'; content: Buffer };

function partsOf(file: Buffer): Iterable<Part> {
  if (file.toString('latin1', 0, 3) === '\xff\xd8\xff') return jpegParts(file);
  if (file.toString('latin1', 1, 4) === 'PNG') return chunkParts(file, { from: 8, isPng: true });
  if (file.toString('latin1', 8, 12) === 'WEBP') return chunkParts(file, { from: 12, isPng: false });
  return [];
}

const exifHead = 'Exif\0\0';
const xmpHead = 'http://ns.adobe.com/xap/';
const iptcHead = 'Photoshop 3.0\0';

/** Segments up to the picture's data: a marker, a length with itself, the content. */
function* jpegParts(file: Buffer): Generator<Part> {
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff;) {
    const marker = file[at + 1];
    if (marker === 0xda) return;
    const end = at + 2 + file.readUInt16BE(at + 2);
    const content = file.subarray(at + 4, end);
    const beginsWith = (head: string) => content.toString('latin1', 0, head.length) === head;
    if (marker === 0xe1 && beginsWith(exifHead)) yield { kind: 'exif', content: content.subarray(exifHead.length) };
    else if (marker === 0xe1 && beginsWith(xmpHead)) yield { kind: 'xmp', content };
    else if (marker === 0xed && beginsWith(iptcHead)) yield { kind: 'iptc', content };
    at = Math.max(end, at + 2);
  }
}

const chunkKinds: Readonly<Record<string, Part['kind']>> = { eXIf: 'exif', EXIF: 'exif', 'XMP ': 'xmp' };

/** PNG has the length before the name and a checksum behind, WebP the name first and even lengths. */
function* chunkParts(file: Buffer, { from, isPng }: { from: number; isPng: boolean }): Generator<Part> {
  for (let at = from; at + 8 <= file.length;) {
    const name = file.toString('latin1', isPng ? at + 4 : at, isPng ? at + 8 : at + 4);
    const bytes = isPng ? file.readUInt32BE(at) : file.readUInt32LE(at + 4);
    const content = file.subarray(at + 8, at + 8 + bytes);
    const kind = chunkKinds[name];
    if (kind !== undefined)
      yield { kind, content: content.toString('latin1', 0, 6) === exifHead ? content.subarray(6) : content };
    else if (isPng && name === 'iTXt' && content.toString('latin1', 0, 17) === 'XML:com.adobe.xmp')
      yield { kind: 'xmp', content };
    at += 8 + bytes + (isPng ? 4 : bytes % 2);
  }
}

const orientationTag = 0x0112;
const gpsTag = 0x8825;

/** The first directory of a TIFF header: https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf */
function readTiff(tiff: Buffer, found: ImageMetadata): void {
  if (tiff.length < 8) return;
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const uint16 = (at: number) => (at + 2 > tiff.length ? 0 : isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  for (let entry = 0; entry < uint16(directory); entry += 1) {
    const at = directory + 2 + entry * 12;
    if (uint16(at) === orientationTag) found.orientation = uint16(at + 8);
    if (uint16(at) === gpsTag) found.kinds.push('gps');
  }
}
