/** What a picture's pixels are, 8 bits a sample, row by row. */
export interface Pixels {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/** Field types of TIFF 6.0. */
const [short, long, undefinedType] = [3, 4, 7];

/**
 * Pixels and their colour profile as an uncompressed TIFF file: the one way to tell libvips what colours raw pixels have.
 * @param profile ICC
 */
export function writeTiff({ pixels, width, height, channels }: Pixels, profile: Buffer): Buffer {
  const headBytes = 8;
  const bitsOffset = headBytes + pixels.length;
  const profileOffset = bitsOffset + 8;
  const directoryOffset = profileOffset + profile.length + (profile.length % 2);
  const fields: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, channels, bitsOffset],
    [259, short, 1, 1],
    [262, short, 1, 2],
    [273, long, 1, headBytes],
    [277, short, 1, channels],
    [278, long, 1, height],
    [279, long, 1, pixels.length],
    // The fourth sample is alpha that the others were not multiplied by.
    ...(channels === 4 ? [[338, short, 1, 2] as const] : []),
    [34_675, undefinedType, profile.length, profileOffset],
  ];
  const file = Buffer.alloc(directoryOffset + 2 + fields.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryOffset, 4);
  pixels.copy(file, headBytes);
  for (let channel = 0; channel < channels; channel += 1) file.writeUInt16LE(8, bitsOffset + channel * 2);
  profile.copy(file, profileOffset);
  file.writeUInt16LE(fields.length, directoryOffset);
  for (const [index, [tag, type, count, value]] of fields.entries()) {
    const at = directoryOffset + 2 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    if (type === short && count === 1) file.writeUInt16LE(value, at + 8);
    else file.writeUInt32LE(value, at + 8);
  }
  return file;
}
