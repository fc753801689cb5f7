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

/** Cameras put four bytes of time before each packet (AVCHD). */
function transportStream(head: Buffer): Format | null {
  const isOne = [
    [0, 188],
    [4, 192],
  ].some(([from = 0, every = 0]) => [0, 1, 2].every((packet) => head[from + packet * every] === 0x47));
  return isOne ? [/^/, 'an MPEG transport stream', asMovie] : null;
}

const formats: readonly Format[] = [
  [/^\x1a\x45\xdf\xa3/, 'a Matroska file (MKV)', asMovie],
  [/^\x30\x26\xb2\x75\x8e\x66\xcf\x11/, 'a Windows Media file (WMV)', asMovie],
  [/^FLV\x01/, 'a Flash video (FLV)', asMovie],
  [/^OggS/, 'an Ogg file', asMovie],
  [/^\.RMF/, 'a RealMedia file', asMovie],
  [/^\x06\x0e\x2b\x34/, 'an MXF video', asMovie],
  [/^\x1f\x07\0/, 'a DV video', asMovie],
  [/^(?:FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb|II\x1a\0{3}HEAP)/, raw, asPicture],
  [/^8BPS/, 'a Photoshop file (PSD)', asPicture],
  [/^gimp xcf/, 'a GIMP file (XCF)', asPicture],
  [/^BM/, 'a BMP picture', asPicture],
  [/^(?:\xff\x0a|\0{3}\x0cJXL )/, 'a JPEG XL picture', asPicture],
  [/^(?:\0{3}\x0cjP {2}|\xff\x4f\xff\x51)/, 'a JPEG 2000 picture', asPicture],
  [/^II\xbc\x01/, 'a JPEG XR picture', asPicture],
  [/^\x76\x2f\x31\x01/, 'an OpenEXR picture', asPicture],
  [/^\0\0\x01\0/, 'an icon (ICO)', asPicture],
  [/^(?:ID3|\xff[\xfb\xf3\xf2])/, 'an MP3 file of sound', withPicture],
  [/^fLaC/, 'a FLAC file of sound', withPicture],
  [/^\xff[\xf1\xf9]/, 'an AAC file of sound', withPicture],
  [/^(?:FORM.{4}AIF|caff)/s, 'a file of sound', withPicture],
  [/^#!AMR/, 'an AMR file of sound', withPicture],
  [/^%!PS/, 'a PostScript or Illustrator file', asPages],
  [/^PK\x03\x04.{22}\x08\0.{2}mimetype/s, 'an OpenDocument or EPUB file', asPages],
  [/^PK\x03\x04.{26}(?:Index\/|Data\/|preview)/s, 'a Pages, Numbers or Keynote file', asPages],
  [/^\{\\rtf/, 'an RTF document', asPages],
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
