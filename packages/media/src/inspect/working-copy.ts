import sharp, { type Sharp } from 'sharp';
import { broken, type OpenPicture } from './open-picture.ts';

/**
 * A picture's pixels in memory, decoded once and encoded as often as needed: 8 bits a sample, sRGB, as the file has them, so not
 * turned upright yet.
 */
export interface WorkingCopy {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  /** EXIF's number, 1 to 8. */
  readonly orientation: number;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a picture, shrunk on the way where it is to become smaller.
 * @param upright the size wanted, after turning
 * @param gamma of its samples, where they are not on sRGB's curve
 * @throws MediaRefusedError where it cannot be decoded
 */
export async function decodeCopy(
  picture: OpenPicture,
  {
    upright,
    keepsAlpha,
    gamma,
  }: { readonly upright: PixelSize; readonly keepsAlpha: boolean; readonly gamma: number | null },
): Promise<WorkingCopy> {
  const { orientation } = picture;
  const { width, height } = uprightSize({ ...upright, orientation });
  const image = picture.open().resize(width, height, { fit: 'fill', withoutEnlargement: true }).toColourspace('srgb');
  try {
    const { data, info } = await (keepsAlpha ? image : image.flatten({ background: '#ffffff' }))
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (gamma !== null) toSrgbCurve(data, info.channels, gamma);
    return { pixels: data, width: info.width, height: info.height, channels: info.channels, orientation };
  } catch (cause) {
    throw broken(cause);
  }
}

/** From the curve that the samples were made with to sRGB's (IEC 61966-2-1), in place; not what is transparency. */
function toSrgbCurve(pixels: Buffer, channels: number, gamma: number): void {
  const curve = Uint8Array.from({ length: 256 }, (_, sample) => {
    const light = (sample / 255) ** (1 / gamma);
    const encoded = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
    return Math.round(encoded * 255);
  });
  const colours = channels < 3 ? 1 : 3;
  for (let at = 0; at < pixels.length; at += channels)
    for (let colour = at; colour < at + colours; colour += 1) pixels[colour] = curve[pixels[colour] ?? 0] ?? 0;
}

/** Turned as EXIF's number says (CIPA DC-008, orientation) and of this size, ready to be encoded. */
export function openUpright(copy: WorkingCopy, { width, height }: PixelSize): Sharp {
  return turned(copy).resize(width, height, { fit: 'fill' });
}

/** What a copy measures once it is turned. */
export function uprightSize({
  orientation = 1,
  width,
  height,
}: PixelSize & { readonly orientation?: number | undefined }): PixelSize {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/** Mirrored first, in whatever order it is asked for, then turned. */
function turned(copy: WorkingCopy): Sharp {
  const { pixels, width, height, channels } = copy;
  const image = sharp(pixels, { raw: { width, height, channels } });
  switch (copy.orientation) {
    case 2:
      return image.flop();
    case 3:
      return image.rotate(180);
    case 4:
      return image.flip();
    case 5:
      return image.flip().rotate(90);
    case 6:
      return image.rotate(90);
    case 7:
      return image.flop().rotate(90);
    case 8:
      return image.rotate(270);
    default:
      return image;
  }
}
