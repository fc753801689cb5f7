import createLibheif from 'libheif-js/libheif-wasm/libheif-bundle.js';
import { walkHeif } from '../containers/walk-heif.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** 8 bits a sample, upright: libheif turns what the file says is turned. */
export interface DecodedHeic {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** ICC, of the pixels' colours; null: sRGB. */
  readonly profile: Buffer | null;
}

/**
 * Decodes the primary picture of a HEIC file, in WebAssembly: the decoder that libvips brings along has no HEVC (ADR 0013).
 * Each file gets a decoder of its own, so that none meets what another left.
 * @throws MediaRefusedError
 */
export function decodeHeic(file: Buffer): DecodedHeic {
  const { profile } = walkHeif(file);
  try {
    return { ...decode(file), profile };
  } catch (cause) {
    if (cause instanceof MediaRefusedError) throw cause;
    throw new MediaRefusedError('malformed', 'The HEIC picture is broken or cut off.', { cause });
  }
}

function decode(file: Buffer): Omit<DecodedHeic, 'profile'> {
  const libheif = createLibheif();
  const context = libheif.heif_context_alloc();
  const status = libheif.heif_context_read_from_memory(context, file);
  if (status.code !== libheif.heif_error_code.heif_error_Ok) throw new Error(status.message);
  const handle = libheif.heif_js_context_get_primary_image_handle(context);
  const hasAlpha = Boolean(libheif.heif_image_handle_has_alpha_channel(handle));
  const { heif_chroma_interleaved_RGB: rgb, heif_chroma_interleaved_RGBA: rgba } = libheif.heif_chroma;
  const image = libheif.heif_js_decode_image2(
    handle,
    libheif.heif_colorspace.heif_colorspace_RGB,
    hasAlpha ? rgba : rgb,
  );
  if (!('channels' in image)) throw new Error(image.message);
  const [samples] = image.channels;
  if (samples === undefined) throw new Error('the picture has no samples');
  const channels = hasAlpha ? 4 : 3;
  const { width, height } = image;
  return { pixels: rowsOf(samples, width * channels, height), width, height, channels };
}

/** Without the room that may follow each row. */
function rowsOf({ data, stride }: { data: Uint8Array; stride: number }, rowBytes: number, rows: number): Buffer {
  const samples = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (stride === rowBytes) return samples.subarray(0, rowBytes * rows);
  const packed = Buffer.allocUnsafe(rowBytes * rows);
  for (let row = 0; row < rows; row += 1) samples.copy(packed, row * rowBytes, row * stride, row * stride + rowBytes);
  return packed;
}
