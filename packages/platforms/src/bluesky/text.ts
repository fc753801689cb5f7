export const blueskyGraphemesMax = 300;
export const blueskyBytesMax = 3_000;

export function countBytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
