import { countGraphemes } from '../graphemes.ts';
import { withoutTrailingPunctuation } from '../link-end.ts';
import { normalForm } from '../normal-form.ts';

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
  let links = 0;
  const rest = text.replace(/(?<![\w@/])https?:\/\/[^\s<>"]+/giu, (link) => {
    const shown = withoutTrailingPunctuation(link);
    if (!isLink(shown)) return link;
    links += 1;
    return linkMark + link.slice(shown.length);
  });
  return { links, graphemes: countGraphemes(withoutMentionHosts(rest)) - links };
}

/** Stands for a link: one grapheme, whatever is beside it. */
const linkMark = 'x';

/** A link whose host has no top-level domain is plain text to Mastodon and counts in full. */
function isLink(shown: string): boolean {
  return URL.canParse(shown) && /\.(?:\p{L}{2,}|xn--[a-z0-9-]+)$/iu.test(new URL(shown).hostname);
}

/** What a text and Mastodon's HTML copy of it have in common: NFC, mentions without host and case, white space folded. */
export function mastodonFingerprint(text: string): string {
  return normalForm(withoutMentionHosts(text).replace(/@[\w.-]+/gu, (mention) => mention.toLowerCase()))
    .replace(/\s+/gu, ' ')
    .trim();
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
  if (name !== undefined) return namedEntities[name.toLowerCase()] ?? entity;
  const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return codePoint <= 0x10_ff_ff ? String.fromCodePoint(codePoint) : entity;
}

function withoutMentionHosts(text: string): string {
  return text.replace(/(?<![=/\p{L}\p{N}_])(@[a-z0-9_][a-z0-9_.-]*)@[\p{L}\p{N}_]+(?:[.-]+[\p{L}\p{N}_]+)*/giu, '$1');
}
