import { z } from 'zod';
import type { ContentFinding, LinkCard } from '../port/content.ts';
import type { LinkCardWish } from '../port/link-card.ts';

/** A link's card as an option: found in the text, left out, or given. */
export const CardOption = z.union([
  z.enum(['auto', 'none']),
  z.strictObject({
    url: z.url({ protocol: /^https?$/u, error: 'must be a web address' }).max(2_000),
    title: z.string().trim().min(1).max(400).optional(),
    description: z.string().max(4_000).optional(),
    mediaId: z.string().min(1).max(100).optional(),
  }),
]);
export type CardOption = z.infer<typeof CardOption>;

export const cardDescription =
  'The card of a link below the text. `auto`, also where nothing is given: of the first link in the text, where nothing else is shown. `none`: no card. What a given one does not say is read from its page.';

export const cardExamples = [{ url: 'https://example.com/tea', title: 'How to make tea' }, 'none'];

export function givenCard(card: CardOption | undefined): LinkCardWish | null {
  return typeof card === 'object' ? card : null;
}

/** @param firstLink of the text, asked for where the card is to be found in it */
export function wantedCard(
  card: CardOption | undefined,
  hasOther: boolean,
  firstLink: () => string | undefined,
): LinkCardWish | null {
  if (typeof card === 'object') return card;
  if (card === 'none' || hasOther) return null;
  const url = firstLink();
  return url === undefined ? null : { url };
}

/** A card that nothing was read for: the host stands for its title. */
export function bareCard({ url, title, description }: LinkCardWish): LinkCard {
  return { url, title: title ?? hostOfLink(url), description: description ?? '', picture: null };
}

/** What a link shows of itself; its beginning where it is no address. */
export function hostOfLink(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(0, 200);
}

export function cardBesideMedia(message: string): ContentFinding {
  return { severity: 'error', code: 'option_invalid', message, field: 'options.card' };
}
