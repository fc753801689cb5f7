import twitterText from 'twitter-text';

export const charactersMax = 500;
export const charactersPerUrl = 23;

/**
 * As `StatusLengthValidator` has it: links and mentions are found, of those that overlap the first counts, links count 23 and
 * `@user@host` counts as `@user`; the rest in graphemes.
 */
export function countCharacters(text: string): number {
  if (text.length > codeUnitsMax) return text.length;
  const entities = [
    ...urlsOf(text).map(({ indices }) => ({ from: indices[0], to: indices[1], counts: 'x'.repeat(charactersPerUrl) })),
    ...mentionsOf(text).map(({ name, from, to }) => ({ from, to, counts: `@${name}` })),
  ];
  let counted = '';
  let at = 0;
  for (const { from, to, counts } of entities.toSorted((a, b) => a.from - b.from)) {
    if (from < at) continue;
    counted += text.slice(at, from) + counts;
    at = to;
  }
  return [...segmenter.segment(counted + text.slice(at))].length;
}

/** Whatever it holds, this is too long: counted no more exactly. */
const codeUnitsMax = 50 * charactersMax;

/** Only addresses with a scheme are links, as Mastodon's own patterns in place of twitter-text's find them. */
export function urlsOf(text: string): { url: string; indices: [number, number] }[] {
  return Array.from(text.matchAll(validUrl)).map((match) => {
    const [, before = '', whole = ''] = match;
    const start = match.index + before.length;
    const url = shortLink.exec(whole)?.[0] ?? whole;
    return { url, indices: [start, start + url.length] };
  });
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

const { regexen } = twitterText;

/** config/initializers/twitter_regex.rb of Mastodon, https://github.com/mastodon/mastodon, read 2026-11. */
const general = String.raw`[^\s<>()?]`;
const balanced = String.raw`\((?:${general}+|${general}*\(${general}+\)${general}*)\)`;
const pathEnd = String.raw`(?:[^\s()?!*"'「」<>;:=,.$%\[\]~&|@]|${balanced})`;
const path = `(?:(?:${general}*(?:${balanced}${general}*)*${pathEnd})|(?:${general}+/))`;
const beyondAscii = String.raw`\u{A0}-\u{D7FF}\u{E000}-\u{1FFFD}\u{20000}-\u{10FFFD}`;
const queryCharacter = String.raw`[a-z0-9!?*'\(\);:&=+$\/%#\[\]\-_.,~|@\^${beyondAscii}]`;
const queryEnd = String.raw`[a-z0-9_&=#\/\-${beyondAscii}]`;
const schemes = '(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)';
/** JavaScript's own way with `u` is stricter than twitter-text's source: what it escapes without need is set free. */
const domain = regexen.validDomain.source.replaceAll(/\\([!'#%&\-:;<=>@_~/])/gu, (escaped, sign: string) =>
  sign === '-' ? escaped : sign === '/' ? escaped : sign,
);
const validUrl = new RegExp(
  `(${regexen.validUrlPrecedingChars.source})(${schemes}://${domain}(?::[0-9]+)?(?:/${path}*)?(?:\\?${queryCharacter}*${queryEnd})?)`,
  'giu',
);
const shortLink = /^https?:\/\/t\.co\/[a-z0-9]+/iu;

/** `Account::MENTION_RE` of the same. */
const mention =
  /(?<![=/\p{L}\p{M}\p{Nd}\p{Pc}])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)(?:@[\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[.-]+[\p{L}\p{M}\p{Nd}\p{Pc}]+)*)?/giu;

function mentionsOf(text: string): { name: string; from: number; to: number }[] {
  return Array.from(text.matchAll(mention)).flatMap((match) => {
    const to = match.index + match[0].length;
    return regexen.endMentionMatch.test(text.slice(to)) ? [] : [{ name: match[1] ?? '', from: match.index, to }];
  });
}
