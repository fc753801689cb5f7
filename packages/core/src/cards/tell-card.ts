import { hostOfLink } from '@vibetribe/platforms/content/link-card';
import type { LinkCardWish } from '@vibetribe/platforms/port/link-card';
import type { CardReading } from './card-reader.ts';

/** What became of a link's card, in plain sentences for the timeline. @param reading null where no page was to be read */
export function tellCard(wish: LinkCardWish, reading: CardReading | null, hasOwnPicture: boolean): string {
  const title =
    wish.title !== undefined
      ? 'the title given'
      : typeof reading?.title === 'string'
        ? 'the title of its page'
        : 'its host as the title';
  const card = `The card of the link to ${hostOfLink(wish.url)} goes out with ${title} and ${pictureOf(reading, hasOwnPicture)}.`;
  const fault = reading?.pageFault ?? null;
  if (fault === null) return card;
  const isPart = reading?.title !== null || reading.picture !== null;
  return `${card} ${isPart ? 'Its page was read in part' : 'Its page could not be read'}: ${fault}.`;
}

function pictureOf(reading: CardReading | null, hasOwnPicture: boolean): string {
  if (hasOwnPicture) return 'the picture given';
  if (reading === null) return 'no picture';
  if (reading.picture !== null) return 'the picture of its page';
  return reading.pictureFault === null ? 'no picture' : `no picture: of the page’s one, ${reading.pictureFault}`;
}
