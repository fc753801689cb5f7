import twitterText from 'twitter-text';

export const xTextMax = 280;

/** X never shows more than this; beyond it twitter-text takes seconds, as its time grows with the square of the text. */
const codeUnitsMax = 5_000;

/** Weighted characters: a link counts 23, an emoji 2, most scripts 1, CJK 2. https://docs.x.com/fundamentals/counting-characters */
export function countX(text: string): number {
  return text.length > codeUnitsMax ? text.length : twitterText.parseTweet(text).weightedLength;
}

/** U+FFFE, U+FEFF and U+FFFF: X refuses a post that holds one. */
export function hasCharactersXRefuses(text: string): boolean {
  return /[\uFFFE\uFEFF\uFFFF]/u.test(text);
}

/** A link as it stands in a text, and where it leads. `start` and `end` are UTF-16 offsets. */
interface Link {
  readonly start: number;
  readonly end: number;
  readonly target: string;
}

/** What our text has in common with X's copy of it: Unicode in NFC, links by their target, white space folded. */
export function fingerprintOfText(text: string): string {
  if (text.length > codeUnitsMax) return folded(text, []);
  const urls = twitterText.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: true });
  return folded(
    text,
    urls.map(({ url, indices: [start, end] }) => ({ start, end, target: url })),
  );
}

/**
 * The same of a post as X tells it: every link is a `t.co` address whose target stands in `entities`. X escapes `&`, `<` and `>`
 * in the text; both readings are given, as older answers did not always.
 */
export function fingerprintsOfPost(text: string, urls: readonly { url: string; expanded_url: string }[]): string[] {
  return [text, unescaped(text)].map((reading) => folded(reading, linksShown(reading, urls)));
}

function linksShown(text: string, urls: readonly { url: string; expanded_url: string }[]): Link[] {
  if (urls.length === 0) return [];
  const targets = new Map(urls.map(({ url, expanded_url }) => [url, expanded_url]));
  const longestFirst = [...targets.keys()].sort((a, b) => b.length - a.length);
  const shown = new RegExp(longestFirst.map((url) => RegExp.escape(url)).join('|'), 'gu');
  return [...text.matchAll(shown)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    target: targets.get(match[0]) ?? match[0],
  }));
}

function folded(text: string, links: readonly Link[]): string {
  let expanded = '';
  let copiedTo = 0;
  for (const { start, end, target } of links) {
    expanded += text.slice(copiedTo, start) + canonicalLink(target);
    copiedTo = end;
  }
  expanded += text.slice(copiedTo);
  return expanded.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** `example.com`, `http://example.com/` and `HTTPS://Example.com` are one target. */
function canonicalLink(target: string): string {
  const url = /^https?:\/\//iu.test(target) ? target : `http://${target}`;
  if (!URL.canParse(url)) return target;
  const { host, pathname, search, hash } = new URL(url);
  return `${host}${pathname}${search}${hash}`.replace(/\/$/u, '');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
