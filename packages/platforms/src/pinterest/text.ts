export const pinterestTextMax = 800;
/** Pinterest's own pages tell people this, its API the other. */
export const pinterestTextAdvised = 500;
export const pinterestTitleMax = 100;
export const pinterestAltMax = 500;
export const pinterestLinkMax = 2_048;

/** Code points. */
export function countPinterest(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
