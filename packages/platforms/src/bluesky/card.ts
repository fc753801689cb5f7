import { cardBesideMedia, givenCard, wantedCard } from '../content/link-card.ts';
import type { ContentFinding } from '../port/content.ts';
import type { LinkCardOf } from '../port/link-card.ts';
import { linksIn } from './links.ts';
import { BlueskyOptions } from './options.ts';

/** A post shows media or a card, and beside a quote only a card that was asked for. */
export const blueskyCard: LinkCardOf = ({ text, options }, { mediaCount }) => {
  const given = BlueskyOptions.safeParse(options).data;
  if (given === undefined || mediaCount > 0) return null;
  return wantedCard(given.card, given.quote !== undefined, () => linksIn(text)[0]?.uri);
};

export function cardFindings(options: Readonly<Record<string, unknown>>, mediaCount: number): ContentFinding[] {
  const card = givenCard(BlueskyOptions.safeParse(options).data?.card);
  if (card === null || mediaCount === 0) return [];
  return [cardBesideMedia('A post on Bluesky shows either a card or pictures and videos')];
}
