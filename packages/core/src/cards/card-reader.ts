import { createInspector, type Inspector, inspectorDefaults } from '@vibetribe/media/inspect/inspector';
import { createGuardedAgent, type GuardedAgentOptions } from '@vibetribe/security/guarded-agent';
import { createFetchPlaces } from '../fetching/fetch-places.ts';
import { readPage } from './read-page.ts';
import { type CardPicture, readPicture } from './read-picture.ts';

/** What a page gives for a card; the faults say in words why it is not more. */
export interface CardReading {
  readonly title: string | null;
  readonly description: string | null;
  readonly picture: CardPicture | null;
  readonly pageFault: string | null;
  readonly pictureFault: string | null;
}

export interface CardReader extends AsyncDisposable {
  /** Ends within `withinMs`, with what has come by then. Never rejects. */
  read(wanted: WantedCard): Promise<CardReading>;
}

export interface WantedCard {
  readonly url: string;
  readonly organizationId: string;
  readonly withinMs: number;
}

export interface CardReaderOptions extends Pick<GuardedAgentOptions, 'allow' | 'lookup' | 'ca'> {
  readonly directory: string;
  readonly bounds?: Partial<typeof cardBounds>;
}

export const cardBounds = {
  pageBytesMax: 512 * 1024,
  pictureBytesMax: 10_000_000,
  /** The share of the time that the page may take, so that some is left for its picture. */
  pageShare: 0.6,
  /** Pages at once, of all organizations and of one. */
  pages: { totalMax: 32, perOrganizationMax: 4 },
};

/** A page's picture may use less time and memory than a file that the organization uploads. */
const inspectorOptions = {
  ...inspectorDefaults,
  processesMax: 1,
  probe: { ...inspectorDefaults.probe, cpuMsMax: 2_000, wallMsMax: 10_000 },
  render: { ...inspectorDefaults.render, cpuMsMax: 5_000, wallMsMax: 20_000 },
};

/** Reads pages that others choose: through the address guard, bounded in bytes, time and number, pictures in a process of their own. */
export function createCardReader({ directory, bounds, ...guard }: CardReaderOptions): CardReader {
  const { pageBytesMax, pictureBytesMax, pageShare, pages } = { ...cardBounds, ...bounds };
  const dispatcher = createGuardedAgent({
    ...guard,
    connectTimeoutMs: 5_000,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  });
  const inspector: Inspector = createInspector(inspectorOptions);
  const places = createFetchPlaces(pages);

  async function readNow({ url, organizationId, withinMs }: WantedCard, signal: AbortSignal): Promise<CardReading> {
    const pageSignal = AbortSignal.any([signal, AbortSignal.timeout(Math.round(withinMs * pageShare))]);
    const { facts, why } = await readPage(dispatcher, url, { bytesMax: pageBytesMax, signal: pageSignal });
    const { title, description, imageUrl } = facts;
    const picture =
      imageUrl === null
        ? null
        : await readPicture({ dispatcher, inspector, directory, bytesMax: pictureBytesMax }, imageUrl, {
            organizationId,
            signal,
          });
    return typeof picture === 'string'
      ? { title, description, picture: null, pageFault: why, pictureFault: picture }
      : { title, description, picture, pageFault: why, pictureFault: null };
  }

  async function readInTurn(wanted: WantedCard, signal: AbortSignal): Promise<CardReading> {
    using _place = await places.take(wanted);
    if (signal.aborted) return unread('too many pages of this organization were being read');
    return await readNow(wanted, signal);
  }

  return {
    async read(wanted) {
      const { withinMs } = wanted;
      const signal = AbortSignal.timeout(withinMs);
      const late = new Promise<CardReading>((resolve) => {
        const end = () => resolve(unread('it was not read in time'));
        // Only calls that still wait for a turn end here: a page that is being read ends by itself, with what it has.
        signal.addEventListener('abort', () => setTimeout(end, 250), { once: true });
      });
      return Promise.race([readInTurn(wanted, signal), late]);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([dispatcher.destroy(), inspector[Symbol.asyncDispose]()]);
    },
  };
}

function unread(pageFault: string): CardReading {
  return { title: null, description: null, picture: null, pageFault, pictureFault: null };
}
