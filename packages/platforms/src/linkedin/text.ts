export const linkedInTextMax = 3_000;
export const linkedInCommentMax = 1_250;

/** UTF-16 units: the careful one of the ways in which it may be counted. */
export function countLinkedIn(text: string): number {
  return text.length;
}

const mention = /@\[[^[\]|{}()<>\\]{1,200}\]\(urn:li:(?:person|organization):[\w-]{1,50}\)/u;
const hashtag = /(?<![\p{L}\p{N}_&/])#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*/u;
const special = new RegExp(`${mention.source}|${hashtag.source}|[|{}@[\\]()<>#\\\\*_~]`, 'gu');

/**
 * The text in "little" format. What is reserved is escaped, because an unescaped sign ends the text without a word; hashtags become
 * hashtags, and a mention in LinkedIn's own form stays one.
 * https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format, read 2026-11.
 */
export function littleText(text: string): string {
  return text.replaceAll(special, (found) => {
    if (found.length === 1) return `\\${found}`;
    return found.startsWith('#') ? `{hashtag|\\#|${escaped(found.slice(1))}}` : found;
  });
}

/** What a text in little format shows. */
export function plainText(little: string): string {
  return little
    .replaceAll(/\{hashtag\|\\?#\|((?:[^{}|\\]|\\.)*)\}/gu, '#$1')
    .replaceAll(/\\([|{}@[\]()<>#\\*_~])/gu, '$1');
}

function escaped(text: string): string {
  return text.replaceAll('_', '\\_');
}
