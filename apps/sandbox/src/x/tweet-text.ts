import { createHash } from 'node:crypto';
import twitterText from 'twitter-text';

/** A link as X tells it; positions count code points of the text as served. */
export type UrlEntity = {
  start: number;
  end: number;
  url: string;
  expanded_url: string;
  display_url: string;
  media_key?: string;
};
export type TagEntity = { start: number; end: number; tag: string };
export type MentionEntity = { start: number; end: number; username: string };

export type ServedText = { text: string; urls: UrlEntity[]; hashtags: TagEntity[]; mentions: MentionEntity[] };

export const weightedLengthMax = 280;

export function weightedLength(text: string): number {
  return twitterText.parseTweet(text).weightedLength;
}

/** Whether X takes the text: within the limit, and free of the characters it forbids. */
export function isAcceptable(text: string): boolean {
  return twitterText.parseTweet(text).valid;
}

/** Of texts of any length. */
export function hasForbidden(text: string): boolean {
  return /[\uFFFE\uFEFF\uFFFF]/u.test(text);
}

/**
 * The text as every reading route serves it: one link at its end for its media, links replaced by t.co, `&`, `<` and `>` escaped
 * (https://docs.x.com/x-api/fundamentals/data-dictionary: expand with `entities.urls`).
 */
export function serveText(id: string, text: string, mediaKeys: readonly string[] = []): ServedText {
  const normal = text.normalize('NFC');
  const urls: UrlEntity[] = [];
  let served = '';
  let from = 0;
  for (const { url, indices } of twitterText.extractUrlsWithIndices(normal)) {
    served += escapeMarkup(normal.slice(from, indices[0]));
    const short = shorten(id, urls.length, url);
    const start = codePoints(served);
    served += short;
    const expanded = /^https?:\/\//i.test(url) ? url : `http://${url}`;
    urls.push({ start, end: start + short.length, url: short, expanded_url: expanded, display_url: display(expanded) });
    from = indices[1];
  }
  served += escapeMarkup(normal.slice(from));
  if (mediaKeys.length > 0) {
    const short = shorten(id, urls.length, 'media');
    if (served !== '') served += ' ';
    const start = codePoints(served);
    served += short;
    const link = { start, end: start + short.length, url: short, display_url: `pic.x.com/${id}` };
    urls.push(
      ...mediaKeys.map((media_key, index) => ({
        ...link,
        expanded_url: `https://x.com/i/status/${id}/photo/${index + 1}`,
        media_key,
      })),
    );
  }
  return { text: served, urls, hashtags: tagsOf(served), mentions: mentionsOf(served) };
}

function tagsOf(text: string): TagEntity[] {
  const found = twitterText.extractHashtagsWithIndices(text);
  return found.map(({ hashtag, indices }) => ({ ...span(text, indices), tag: hashtag }));
}

function mentionsOf(text: string): MentionEntity[] {
  const found = twitterText.extractMentionsWithIndices(text);
  return found.map(({ screenName, indices }) => ({ ...span(text, indices), username: screenName }));
}

function span(text: string, [from, to]: readonly [number, number]): { start: number; end: number } {
  return { start: codePoints(text.slice(0, from)), end: codePoints(text.slice(0, to)) };
}

function shorten(id: string, index: number, url: string): string {
  const digest = createHash('sha256')
    .update(`${id} ${index} ${url}`)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return `https://t.co/${digest.slice(0, 10)}`;
}

function display(url: string): string {
  const bare = url.replace(/^https?:\/\/(www\.)?/i, '').replace(/\/$/, '');
  return bare.length > 26 ? `${bare.slice(0, 26)}…` : bare;
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function codePoints(text: string): number {
  return Array.from(text).length;
}
