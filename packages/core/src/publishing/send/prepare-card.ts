import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import { bareCard } from '@vibetribe/platforms/content/link-card';
import type { LinkCard, MediaItem } from '@vibetribe/platforms/port/content';
import { z } from 'zod';
import type { CardReader, CardReading } from '../../cards/card-reader.ts';
import { type CardPart, findReading, readCardPicture, storeReading } from '../../cards/card-rows.ts';
import { type PartWish, readsPage, wishOf } from '../../cards/card-wish.ts';
import { PictureFacts } from '../../cards/read-picture.ts';
import { tellCard } from '../../cards/tell-card.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { EngineContext } from '../engine-context.ts';
import { prepareMedia } from './publication-media.ts';
import { ClaimLostError } from './run-steps.ts';
import { saveStep } from './save-step.ts';

/** How long a post that is due waits for a page that nobody has read ahead. */
const waitMs = 3_000;

/** Names the event and the stored step that fix the card. */
const cardStep = 'card';

const FixedCard = z.object({
  url: z.string(),
  title: z.string(),
  description: z.string(),
  mediaId: z.string().nullable(),
  picture: PictureFacts.extend({ bytes: z.number() }).nullable(),
});
type FixedCard = z.infer<typeof FixedCard>;

/** The card of this part, the same at every try: what it says is on disk before anything is sent. */
export async function prepareCard(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
): Promise<LinkCard | null> {
  const { kind } = work.part;
  const wish = wishOf(deps.adapters[work.platform], { kind, content: work.content, mediaIds: work.mediaIds });
  if (wish === null) return null;
  const part = { organizationId: work.organizationId, publicationId: work.publicationId, part: work.part.index };
  const stored = work.steps.find((step) => step.name === cardStep && step.done);
  const fixed = stored === undefined ? await fix(deps, context, work, wish, part) : FixedCard.parse(stored.result);
  const { url, title, description } = fixed;
  return { url, title, description, picture: await pictureOf(deps, context, work, fixed, part) };
}

async function fix(
  deps: CoreDependencies,
  context: EngineContext,
  work: PublicationWork,
  wish: PartWish,
  part: CardPart,
): Promise<FixedCard> {
  const reading = readsPage(wish) ? await readingFor(deps, context.cards, wish, part) : null;
  const bare = bareCard(wish);
  const { bytes = null, ...facts } = (wish.hasOwnPicture ? null : reading?.picture) ?? {};
  const fixed: FixedCard = {
    url: wish.url,
    title: wish.title ?? reading?.title ?? bare.title,
    description: wish.description ?? reading?.description ?? '',
    mediaId: wish.mediaId ?? null,
    picture: bytes === null ? null : FixedCard.shape.picture.parse({ ...facts, bytes: bytes.length }),
  };
  const step = { name: cardStep, effect: 'read', key: null, keyed: false, result: fixed, done: true } as const;
  const told = tellCard(wish, reading, wish.hasOwnPicture);
  if (!(await saveStep(deps, context.settings, work, step, told))) throw new ClaimLostError();
  return fixed;
}

/** Read ahead, or now. A database that fails here is no reason to go out without a card: the send fails, and is tried again. */
async function readingFor(
  deps: CoreDependencies,
  reader: Pick<CardReader, 'read'> | null,
  { url }: PartWish,
  part: CardPart,
): Promise<CardReading | null> {
  const known = await findReading(deps, part, url);
  const reading = known ?? (await reader?.read({ url, organizationId: part.organizationId, withinMs: waitMs })) ?? null;
  if (reading !== null) await storeReading(deps, part, url, reading);
  return reading;
}

async function pictureOf(
  deps: CoreDependencies,
  context: EngineContext,
  { organizationId }: PublicationWork,
  { mediaId, picture }: FixedCard,
  part: CardPart,
): Promise<MediaItem | null> {
  if (mediaId !== null) {
    const { items } = await prepareMedia(
      deps,
      context.media,
      { organizationId, mediaIds: [mediaId] },
      cardPictureRules,
    );
    return items[0] ?? null;
  }
  if (picture === null) return null;
  const bytes = await readCardPicture(deps, part, picture.sha256);
  return bytes === null ? null : itemOf(picture, bytes);
}

/** Small enough for every platform that shows cards. */
const cardPictureRules: MediaRules = {
  required: false,
  countMax: 1,
  imagesMax: 1,
  videosMax: 0,
  mixed: false,
  altCharactersMax: null,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 1_000_000, widthMax: 4_000, heightMax: 4_000 },
  animation: null,
  video: null,
};

function itemOf({ sha256, ...facts }: NonNullable<FixedCard['picture']>, bytes: Buffer): MediaItem {
  return {
    id: `card-${sha256.slice(0, 16)}`,
    kind: 'image',
    sha256,
    ...facts,
    durationMs: null,
    alt: null,
    url: null,
    async *read({ start, end } = { start: 0, end: bytes.length }) {
      yield bytes.subarray(start, end);
    },
  };
}
