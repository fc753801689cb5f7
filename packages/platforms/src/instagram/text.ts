export const instagramTextMax = 2_200;
export const hashtagsMax = 30;
export const mentionsMax = 20;
export const instagramCommentMax = 2_200;

/** Code points: what the platform calls a character is not said. */
export function countInstagram(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Hashtags and mentions, as many as there are signs that begin one. */
export function tagsIn(text: string): { hashtags: number; mentions: number } {
  return {
    hashtags: text.match(/#[\p{L}\p{N}_]/gu)?.length ?? 0,
    mentions: text.match(/@[\p{L}\p{N}_]/gu)?.length ?? 0,
  };
}
