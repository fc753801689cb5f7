export const tiktokCaptionMax = 2_200;
export const tiktokDescriptionMax = 4_000;
export const tiktokPhotoTitleMax = 90;

/** UTF-16 units. */
export function countTikTok(text: string): number {
  return text.length;
}
