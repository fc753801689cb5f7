import twitterText from 'twitter-text';
import { countGraphemes } from '../text/graphemes.ts';
import { seenForm } from '../text/normal-form.ts';
import { linksIn, type Span } from './links.ts';

export const mastodonTextMax = 500;
export const mastodonUrlCharacters = 23;

/**
 * Graphemes; a link counts the same whatever its length, `@user@host` counts as `@user`. https://docs.joinmastodon.org/user/posting/#text
 * @param urlCharacters null: the server counts a text as it is
 */
export function countMastodon(text: string, urlCharacters: number | null = mastodonUrlCharacters): number {
  return urlCharacters === null ? countGraphemes(text) : mastodonLength(measureMastodon(text), urlCharacters);
}

/** A text's length by any instance's rules. */
export interface MastodonMeasure {
  readonly links: number;
  /** Of the text without its links. */
  readonly graphemes: number;
}

export function mastodonLength({ links, graphemes }: MastodonMeasure, urlCharacters: number): number {
  return graphemes + links * urlCharacters;
}

export function measureMastodon(text: string): MastodonMeasure {
  const links = linksIn(text).map((link) => ({ ...link, from: link.start, kind: 'link' as const }));
  let counted = '';
  let from = 0;
  for (const span of withoutOverlaps([...links, ...mentionHostsIn(text)])) {
    counted += text.slice(from, span.start) + (span.kind === 'link' ? linkMark : '');
    from = span.end;
  }
  counted += text.slice(from);
  const shown = links.length;
  return { links: shown, graphemes: countGraphemes(counted) - shown };
}

/** Stands for a link: one grapheme, whatever is beside it. */
const linkMark = '_';

type Counted = Span & { readonly from: number; readonly kind: 'link' | 'host' };

/** Of two that overlap the one that begins first stays: a mention inside an address is part of the address. */
function withoutOverlaps(found: readonly Counted[]): Counted[] {
  const kept: Counted[] = [];
  for (const one of found.toSorted((a, b) => a.from - b.from)) {
    if ((kept.at(-1)?.end ?? 0) <= one.from) kept.push(one);
  }
  return kept;
}

/** The hosts of mentions, which do not count: `Account::MENTION_RE` and twitter-text, read 2026-11. */
function mentionHostsIn(text: string): Counted[] {
  const mention =
    /(?<![=/\p{L}\p{M}\p{Nd}\p{Pc}])(@[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(@[\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[.-]+[\p{L}\p{M}\p{Nd}\p{Pc}]+)*)/giu;
  return [...text.matchAll(mention)].flatMap((match) => {
    const [whole, name = ''] = match;
    const end = match.index + whole.length;
    if (noMentionBefore.test(text.slice(end, end + 3))) return [];
    return [{ from: match.index, start: match.index + name.length, end, kind: 'host' as const }];
  });
}

const noMentionBefore = new RegExp(twitterText.regexen.endMentionMatch.source, 'u');

/** What a text and Mastodon's HTML copy of it have in common: what is seen, mentions without host and case. */
export function mastodonFingerprint(text: string): string {
  return seenForm(withoutMentionHosts(text).replace(/@[\w.-]+/gu, (mention) => mention.toLowerCase()));
}

/** A status arrives as HTML: paragraphs, line breaks, links in parts that together are the whole address. */
export function textOfHtml(html: string): string {
  return html
    .replace(/<(?:br|\/p)\b[^<>]*>/giu, '\n')
    .replace(/<[^<>]*>/gu, '')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/giu, decodeEntity);
}

const namedEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decodeEntity(
  entity: string,
  decimal: string | undefined,
  hex: string | undefined,
  name: string | undefined,
): string {
  if (name !== undefined)
    return Object.hasOwn(namedEntities, name.toLowerCase()) ? (namedEntities[name.toLowerCase()] ?? entity) : entity;
  const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return codePoint <= 0x10_ff_ff ? String.fromCodePoint(codePoint) : entity;
}

function withoutMentionHosts(text: string): string {
  return text.replace(/(?<![=/\p{L}\p{N}_])(@[a-z0-9_][a-z0-9_.-]*)@[\p{L}\p{N}_]+(?:[.-]+[\p{L}\p{N}_]+)*/giu, '$1');
}
