/** Width and height as the frame header of a JPEG has them; undefined where the bytes are none, or have no frame. */
export function sizeOfJpeg(file: Buffer): { width: number; height: number } | undefined {
  if (file.toString('latin1', 0, 3) !== '\xff\xd8\xff') return undefined;
  for (let at = 2; at + 9 <= file.length && file[at] === 0xff;) {
    const marker = file[at + 1] ?? 0;
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (isFrame(marker)) {
      const [height, width] = [file.readUInt16BE(at + 5), file.readUInt16BE(at + 7)];
      return width > 0 && height > 0 ? { width, height } : undefined;
    } else if (marker === 0xda || marker === 0xd9) return undefined;
    else at += 2 + Math.max(file.readUInt16BE(at + 2), 2);
  }
  return undefined;
}

/** Start of a frame: whatever the coding. The three left out are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
