import { givenCard, wantedCard } from '../content/link-card.ts';
import { withoutTrailingPunctuation } from '../text/link-end.ts';
import type { ContentFinding } from '../port/content.ts';
import type { LinkCardOf, LinkCardWish } from '../port/link-card.ts';
import { LinkedInOptions } from './options.ts';

/** An article: its one picture may be a medium of the post. */
export const linkedInCard: LinkCardOf = ({ text, options }, { mediaCount }) => {
  const given = LinkedInOptions.safeParse(options).data;
  return given === undefined ? null : wantedCard(given.card, mediaCount > 0, () => firstLink(text));
};

export function cardOf(options: Readonly<Record<string, unknown>>): LinkCardWish | null {
  return givenCard(LinkedInOptions.safeParse(options).data?.card);
}

export function cardFindings(options: Readonly<Record<string, unknown>>, mediaCount: number): ContentFinding[] {
  if (mediaCount === 0 || cardOf(options)?.mediaId === undefined) return [];
  const message = 'The picture of the post is the card’s: it has no other one';
  return [{ severity: 'error', code: 'option_invalid', message, field: 'options.card.mediaId' }];
}

const linkCharactersMax = 2_000;

function firstLink(text: string): string | undefined {
  for (const [address] of text.matchAll(/(?<![\p{L}\p{N}])https?:\/\/[^\s<>"\p{Cc}]+/giu)) {
    const link = withoutTrailingPunctuation(address);
    if (link.length <= linkCharactersMax && URL.canParse(link)) return link;
  }
  return undefined;
}
