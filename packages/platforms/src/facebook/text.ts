/** Nowhere documented; what is accepted. */
export const facebookTextMax = 63_206;
export const facebookCommentMax = 8_000;

/** UTF-16 units: the careful one of the ways in which it may be counted. */
export function countFacebook(text: string): number {
  return text.length;
}
