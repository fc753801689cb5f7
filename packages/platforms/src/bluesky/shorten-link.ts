/** Bluesky's own client shows so much of what is behind the host, and shortens what is longer: its `toShortUrl`, read 2026-11. */
const shownMax = 15;
const keptCharacters = 13;

/** An address as it is shown: a long one without its scheme and cut, a short one as it was written. */
export function shortenedLink(shown: string): string {
  const [, host, rest = ''] = /^(?:https?:\/\/)?(?:[^\s/?#@]*@)?([^\s/?#]+)(.*)$/isu.exec(shown) ?? [];
  const behind = rest === '/' ? '' : rest;
  if (host === undefined || behind.length <= shownMax) return shown;
  const short = `${host}${firstCharacters(behind, keptCharacters)}...`;
  return short.length < shown.length ? short : shown;
}

function firstCharacters(text: string, max: number): string {
  return Array.from(new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text.slice(0, max * 16)))
    .slice(0, max)
    .map(({ segment }) => segment)
    .join('');
}
