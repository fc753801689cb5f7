// oxlint-disable no-control-regex -- binary files begin with such characters
export interface ForeignFormat {
  /** What it looks like, in words; null where it looks like nothing we know. */
  readonly name: string | null;
  /** What its owner can do. */
  readonly remedy: string | null;
}

const asPicture = 'save or export it as JPEG or PNG and send that';
const asMovie = 'convert it to MP4 (H.264 with AAC sound), for example with HandBrake, and send that';
const asPages = 'export it as PDF, or its pages as JPEG or PNG pictures, and send that';
const aloneInside = 'take the pictures or videos out of it and send those';
const withPicture = 'make a video of it with a picture and send that as MP4';

/** The format of a file that is not taken, by its first bytes: what people send by mistake. */
export function foreignFormat(head: Buffer): ForeignFormat {
  const text = head.toString('latin1');
  const found =
    boxed(text) ?? riff(text) ?? tiff(text) ?? formats.find(([pattern]) => pattern.test(text)) ?? transportStream(head);
  if (found === null) return { name: null, remedy: null };
  const [, name, remedy] = found;
  return { name, remedy };
}

type Format = readonly [pattern: RegExp, name: string, remedy: string | null];

const raw = 'a RAW picture of a camera';
const tiffHead = /^(?:II\*\0|MM\0\*|II\+\0|MM\0\+)/;

function boxed(text: string): Format | null {
  if (text.slice(4, 8) !== 'ftyp') return null;
  if (text.slice(8, 12) === 'crx ') return [/^/, raw, asPicture];
  return [/^/, 'an MP4 file of sound', withPicture];
}

function riff(text: string): Format | null {
  if (!text.startsWith('RIFF')) return null;
  if (text.slice(8, 12) === 'WAVE') return [/^/, 'a WAV file of sound', withPicture];
  return [/^/, 'an AVI video', asMovie];
}

/** Most RAW formats are TIFF inside, and name their maker near the beginning. */
function tiff(text: string): Format | null {
  if (!tiffHead.test(text)) return null;
  const isRaw =
    text.slice(8, 10) === 'CR' || /NIKON|SONY|PENTAX|RICOH|Leaf|Hasselblad|Phase One|SAMSUNG|DNG/u.test(text);
  return isRaw ? [/^/, raw, asPicture] : [/^/, 'a TIFF picture', asPicture];
}

function transportStream(head: Buffer): Format | null {
  const isOne = head[0] === 0x47 && head[188] === 0x47 && head[376] === 0x47;
  return isOne ? [/^/, 'an MPEG transport stream', asMovie] : null;
}

const formats: readonly Format[] = [
  [/^\x1a\x45\xdf\xa3/, 'a Matroska file (MKV)', asMovie],
  [/^\x30\x26\xb2\x75\x8e\x66\xcf\x11/, 'a Windows Media file (WMV)', asMovie],
  [/^FLV\x01/, 'a Flash video (FLV)', asMovie],
  [/^OggS/, 'an Ogg file', asMovie],
  [/^\.RMF/, 'a RealMedia file', asMovie],
  [/^(?:FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb)/, raw, asPicture],
  [/^8BPS/, 'a Photoshop file (PSD)', asPicture],
  [/^gimp xcf/, 'a GIMP file (XCF)', asPicture],
  [/^BM/, 'a BMP picture', asPicture],
  [/^(?:\xff\x0a|\0{3}\x0cJXL )/, 'a JPEG XL picture', asPicture],
  [/^(?:\0{3}\x0cjP {2}|\xff\x4f\xff\x51)/, 'a JPEG 2000 picture', asPicture],
  [/^\0\0\x01\0/, 'an icon (ICO)', asPicture],
  [/^(?:ID3|\xff[\xfb\xf3\xf2])/, 'an MP3 file of sound', withPicture],
  [/^fLaC/, 'a FLAC file of sound', withPicture],
  [/^%!PS/, 'a PostScript or Illustrator file', asPages],
  [/^PK\x03\x04.{22}\x08\0.{2}mimetype/s, 'an OpenDocument or EPUB file', asPages],
  [/^PK\x03\x04/, 'a ZIP archive', aloneInside],
  [/^(?:Rar!|7z\xbc\xaf|\x1f\x8b)/, 'an archive', aloneInside],
  [/^\s*#EXTM3U/, 'an HLS playlist', 'send the video itself'],
  [/^\s*ffconcat version/, 'a list of files for ffmpeg', 'send the video itself'],
  [/<svg[\s>]/i, 'an SVG drawing', asPicture],
  [/<MPD[\s>]/, 'a DASH playlist', 'send the video itself'],
  [/^\s*(?:<!doctype html|<html|<script)/i, 'an HTML page', 'save the picture itself and send that'],
  [/^\s*<\?xml/, 'an XML document', null],
  [/^\s*push graphic-context/i, 'an ImageMagick script', null],
  [/^\s*#!/, 'a script', null],
  [/^\s*MZ/, 'a Windows program', null],
  [/^\s*\x7fELF/, 'a Linux program', null],
];
