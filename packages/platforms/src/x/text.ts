import { withoutTrailingPunctuation } from '../text/link-end.ts';
import { seenForm } from '../text/normal-form.ts';
import { weighText } from './weigh-text.ts';

export const xTextMax = 280;
/** Of accounts with X Premium. */
export const xLongTextMax = 25_000;
export const xUrlCharacters = 23;

/** Far beyond what X takes of most accounts: not counted exactly. */
const codeUnitsMax = 5_000;

/** Weighted characters: a link counts 23, an emoji 2, most scripts 1, CJK 2. https://docs.x.com/fundamentals/counting-characters */
export function countX(text: string): number {
  return text.length > codeUnitsMax ? text.length : weighText(text);
}

export function countLongX(text: string): number {
  return text.length > xLongTextMax ? text.length : weighText(text);
}

/** U+FFFE, U+FEFF and U+FFFF: X refuses a post that holds one. */
export function hasCharactersXRefuses(text: string): boolean {
  return /[\uFFFE\uFEFF\uFFFF]/u.test(text);
}

/** What our text has in common with X's copy of it: Unicode in NFC without joiners and the like, links by their target, white space folded. */
export function fingerprintOfText(text: string): string {
  return seenForm(withCanonicalLinks(text));
}

/**
 * The same of a post as X tells it: every link is a `t.co` address whose target stands in `entities`. X escapes `&`, `<` and `>`
 * in the text, some servers quotes too; both readings are given, as older answers did not always.
 */
export function fingerprintsOfPost(text: string, urls: readonly { url: string; expanded_url: string }[]): string[] {
  return [text, unescaped(text)].map((reading) => fingerprintOfText(withTargets(reading, urls)));
}

function withTargets(text: string, urls: readonly { url: string; expanded_url: string }[]): string {
  if (urls.length === 0) return text;
  const targets = new Map(urls.map(({ url, expanded_url }) => [url, expanded_url]));
  const longestFirst = [...targets.keys()].toSorted((a, b) => b.length - a.length);
  const shown = new RegExp(longestFirst.map((url) => RegExp.escape(url)).join('|'), 'gu');
  return text.replace(shown, (url) => targets.get(url) ?? url);
}

/** X's targets carry a scheme where the text had none, and may end in a slash: `example.com` is `http://example.com/`. */
function withCanonicalLinks(text: string): string {
  if (text.length > xLongTextMax) return text;
  // A host begins where none of its characters stands before it, or its patterns would be tried at each of them.
  const link =
    /(?:https?:\/\/|(?<![\p{L}\p{N}-]|[\p{L}\p{N}-]\.))(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?::\d+)?(?:[/?#]\S*)?/giu;
  return text.replace(link, (token) => {
    const shown = withoutTrailingPunctuation(token);
    return canonicalLink(shown) + token.slice(shown.length);
  });
}

function canonicalLink(shown: string): string {
  const address = /^https?:\/\//iu.test(shown) ? shown : `http://${shown}`;
  if (!URL.canParse(address)) return shown;
  const { host, pathname, search, hash } = new URL(address);
  return pathname === '/' && search === '' && hash === '' ? host : `${host}${pathname}${search}${hash}`;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Once: `&amp;lt;` is `&lt;`. */
function unescaped(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/giu, (entity, name, decimal, hex) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? entity;
    const codePoint = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return codePoint <= 0x10_ff_ff ? String.fromCodePoint(codePoint) : entity;
  });
}
